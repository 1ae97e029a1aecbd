import { use } from "echarts/core";
import { ParallelChart } from "echarts/charts";
import { ParallelComponent } from "echarts/components";
import { chart, text as textLook, tooltipLook, escape } from "../charts.js";
import { byId, choice } from "../dom.js";
import { number } from "../format.js";
import { colour } from "../theme.js";
import { axes, axisText, data, keepsSlo, on, onFront, pick, shortPath, titleOf, view } from "./data.js";

use([ParallelChart, ParallelComponent]);

const linesMax = 1500;
const settingsMax = 10;
const absent = "–";

export function drawParallel() {
  // The settings that matter most: with all of a large space nothing could be read.
  const weight = new Map(data.sensitivities.map((s) => [s.dimension, Math.max(0, ...s.shares.map((v) => v ?? 0))]));
  const varied = axes.filter((a) => a.kind === "setting" && a.dimension.values.length > 1);
  const heavy = new Set([...varied].sort((a, b) => (weight.get(b.name) ?? 0) - (weight.get(a.name) ?? 0)).slice(0, settingsMax));
  const used = axes.filter((a) => (a.kind === "setting" ? heavy.has(a) : a.kind === "objective" || a.kind === "constraint"));
  const node = byId("parallel");
  // Every axis needs room for its labels; a narrow window scrolls this one chart.
  node.style.minWidth = used.length * 96 + "px";
  let which = "front";

  const rows = () => {
    const all = which === "front" ? view.rows.filter((r) => onFront.has(r)) : view.rows;
    if (all.length <= linesMax) {
      return all;
    }
    return Array.from({ length: linesMax }, (_, i) => all[Math.floor((i * all.length) / linesMax)]);
  };

  const value = (axis, r) => {
    const v = axis.at(r);
    return axis.dimension ? (v === null ? absent : axis.dimension.values[v]) : v;
  };

  function option() {
    const shown = rows().filter((r) => used.every((a) => a.dimension || Number.isFinite(a.at(r) ?? NaN)));
    const thin = shown.length > 200;
    return {
      animation: false,
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
      tooltip: { ...tooltipLook(), formatter: (p) => (p.data?.r === undefined ? "" : escape(titleOf(p.data.r))) },
      parallel: { left: 52, right: 118, top: 104, bottom: 22, parallelAxisDefault: {
        nameTextStyle: { ...textLook(), color: colour("text"), fontSize: 11, align: "left", verticalAlign: "middle" },
        nameGap: 12,
        nameRotate: 32,
        nameTruncate: { maxWidth: 150 },
        axisLine: { lineStyle: { color: colour("quiet") } },
        axisTick: { lineStyle: { color: colour("line") } },
        axisLabel: { ...textLook(), color: colour("text"), textBorderColor: colour("card"), textBorderWidth: 3 },
        areaSelectStyle: { color: colour("accent"), borderColor: colour("accent"), opacity: 0.25 },
      } },
      parallelAxis: used.map((a, i) => ({
        dim: i,
        name: a.dimension ? shortPath(a.name) : a.column.short,
        ...(a.dimension ? { type: "category", data: [...a.dimension.values, ...(a.dimension.index.some((k) => k < 0) ? [absent] : [])] } : { type: "value", scale: true, axisLabel: { ...textLook(), color: colour("text"), textBorderColor: colour("card"), textBorderWidth: 3, formatter: axisText(a.column) } }),
      })),
      series: [{
        type: "parallel",
        smooth: false,
        progressive: 0,
        data: shown.map((r) => ({
          r,
          value: used.map((a) => value(a, r)),
          lineStyle: { color: view.picked[0] === r ? "#c2410c" : view.picked[1] === r ? colour("fourth") : colour(onFront.has(r) ? "third" : keepsSlo(r) ? "accent" : "quiet"), width: view.picked.includes(r) ? 3 : 1.2, opacity: view.picked.includes(r) ? 1 : thin ? 0.18 : 0.6 },
        })),
      }],
    };
  }

  const { draw } = chart(node, "Settings and objectives of candidates as lines", option, (drawn) => {
    drawn.on("click", (p) => {
      if (p.data?.r !== undefined) {
        pick(p.data.r);
      }
    });
  });
  const redraw = () => {
    const all = which === "front" ? view.rows.filter((r) => onFront.has(r)).length : view.rows.length;
    byId("lines-note").textContent = (all > linesMax ? `${number(linesMax, 0)} of ${number(all, 0)} candidates, evenly taken. ` : `${number(all, 0)} ${all === 1 ? "candidate" : "candidates"}. `) + "Drag along an axis to mark a range." + (varied.length > heavy.size ? ` The ${heavy.size} settings that matter most.` : "");
    draw();
  };
  choice(byId("lines-choice"), onFront.size ? [["front", "Front"], ["shown", "All shown"]] : [["shown", "All shown"]], (key) => {
    which = key;
    redraw();
  });
  on("rows", redraw);
  on("picked", redraw);
}
