import { use } from "echarts/core";
import { CustomChart } from "echarts/charts";
import { axisLook, chart, escape, text as textLook, tooltipLook } from "../charts.js";
import { byId, element } from "../dom.js";
import { colour } from "../theme.js";
import { advised, axes, axisText, data, keepsSlo, on, onFront, pick, text, titleOf, view } from "./data.js";

use([CustomChart]);

const groups = [["kinds", "SLO"], ["cause", "held back by"], ...data.dimensions.map((d, i) => ["d" + i, d.path])];
const palette = ["accent", "second", "third", "fourth", "bad", "warn", "good", "quiet"];

// The same shift for a candidate at every draw: settings lie on top of each other otherwise.
const jitter = (r, which) => (((r * (which === "x" ? 0.6180339887 : 0.7548776662)) % 1) - 0.5) * 0.56;

export function drawScatter() {
  const node = byId("scatter");
  const state = { x: axes[data.objectives[0].column], y: axes[(data.objectives[1] ?? data.constraints[0] ?? { column: Math.min(1, data.columns.length - 1) }).column], by: "kinds" };

  const select = (label, options, value, change) => {
    const box = element("select", { "aria-label": label }, ...options);
    box.value = value;
    box.addEventListener("change", () => change(box.value));
    return element("label", {}, label, box);
  };
  const kinds = [["objective", "Objectives"], ["constraint", "Constraints"], ["measure", "Other numbers"], ["setting", "Settings"]];
  const axisOptions = () => kinds.map(([kind, name]) => [name, axes.filter((a) => a.kind === kind)]).filter(([, all]) => all.length)
    .map(([name, all]) => element("optgroup", { label: name }, ...all.map((a) => element("option", { value: a.key }, a.name))));
  const axisSelect = (label, which) => select(label, axisOptions(), state[which].key, (key) => {
    state[which] = axes.find((a) => a.key === key);
    redraw();
  });

  const colours = () => {
    if (state.by === "kinds") {
      return { names: ["misses the SLO", "keeps the SLO", "front"], of: (r) => (onFront.has(r) ? 2 : keepsSlo(r) ? 1 : 0), colours: ["quiet", "accent", "third"] };
    }
    if (state.by === "cause") {
      return { names: data.causes, of: (r) => data.cause[r], colours: palette };
    }
    const dimension = data.dimensions[+state.by.slice(1)];
    return { names: dimension.values, of: (r) => dimension.index[r], colours: palette };
  };

  const at = (which, r) => {
    const value = state[which].at(r);
    return value === null ? null : state[which].dimension ? value + jitter(r, which) : value;
  };

  function axis(which) {
    const shown = state[which];
    const common = { ...axisLook(), axisLine: { ...axisLook().axisLine, onZero: false }, name: shown.name, nameLocation: "middle", nameGap: which === "x" ? 30 : 56, nameTextStyle: { ...textLook(), fontSize: 12 } };
    if (shown.dimension) {
      const ticks = shown.dimension.values.map((_, i) => i);
      return { ...common, type: "value", min: -0.5, max: ticks.length - 0.5, axisTick: { ...axisLook().axisTick, customValues: ticks }, axisLabel: { ...textLook(), customValues: ticks, hideOverlap: true, formatter: (v) => (shown.dimension.values[v] ?? "").slice(0, 14) }, splitLine: { show: false } };
    }
    let low = Infinity, high = -Infinity;
    for (const r of view.rows) {
      const v = shown.at(r);
      if (v !== null && Number.isFinite(v)) {
        low = Math.min(low, v);
        high = Math.max(high, v);
      }
    }
    const log = low > 0 && high / low > 50;
    return { ...common, type: log ? "log" : "value", scale: true, axisLabel: { ...textLook(), hideOverlap: true, formatter: axisText(shown.column) } };
  }

  const bounds = () => data.constraints.flatMap((c) => [["x", "xAxis"], ["y", "yAxis"]].filter(([which]) => state[which].column === data.columns[c.column]).map(([, key]) => ({ [key]: c.bound })));

  function option() {
    const look = colours();
    const points = look.names.map(() => []);
    const rest = [];
    for (const r of view.rows) {
      const x = at("x", r), y = at("y", r);
      if (x === null || y === null || !Number.isFinite(x) || !Number.isFinite(y)) {
        continue;
      }
      const group = look.of(r);
      (group >= 0 ? points[group] : rest).push([x, y, r]);
    }
    const total = view.rows.length;
    const size = total > 3000 ? 4 : total > 400 ? 5 : 8;
    const series = points.map((list, g) => ({
      name: look.names[g],
      type: "scatter",
      data: list,
      symbolSize: state.by === "kinds" && g === 2 ? 9 : size,
      large: list.length > 2000,
      progressive: 0,
      itemStyle: { color: colour(look.colours[g % look.colours.length]), opacity: state.by === "kinds" && g === 2 ? 0.95 : state.by === "kinds" && g === 0 ? 0.35 : 0.65 },
      z: 2 + g,
    }));
    series.push({ type: "scatter", data: rest, symbolSize: size, large: rest.length > 2000, progressive: 0, itemStyle: { color: colour("line") }, z: 1 });
    series.push(intervals(framed()));
    series.push({
      type: "scatter",
      silent: true,
      z: 12,
      data: [...new Set([...(advised === undefined ? [] : [advised]), ...view.picked])].map((r) => ({ value: [at("x", r), at("y", r), r], r })).filter((p) => p.value[0] !== null && p.value[1] !== null).map(({ value, r }) => ({
        value,
        symbol: r === advised ? "diamond" : "circle",
        symbolSize: r === advised ? 18 : 15,
        itemStyle: { color: "transparent", borderWidth: 2.5, borderColor: view.picked[0] === r ? "#c2410c" : view.picked[1] === r ? (colour("fourth")) : colour("text") },
        label: { show: view.picked.includes(r), formatter: view.picked[0] === r ? "A" : "B", position: view.picked[0] === r ? "left" : "right", color: colour("text"), fontWeight: 700 },
      })),
    });
    const lines = bounds();
    if (lines.length) {
      series[0].markLine = { silent: true, symbol: "none", animation: false, lineStyle: { color: colour("bad"), type: "dashed", width: 1.2 }, label: { show: true, formatter: "SLO", color: colour("bad"), position: "insideEndTop" }, data: lines };
    }
    return {
      animation: false,
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
      grid: { left: 74, right: 18, top: 18, bottom: 48 },
      tooltip: { ...tooltipLook(), formatter: (p) => (p.value?.[2] === undefined ? "" : tip(p.value[2])) },
      xAxis: axis("x"),
      yAxis: axis("y"),
      series,
    };
  }

  // Of the front only those with replications of their own: more bars would hide the points.
  function framed() {
    return view.rows.filter((r) => (onFront.has(r) && !data.doubt_from[data.number[r]]) || view.picked.includes(r) || r === advised);
  }

  function intervals(rows) {
    const [x, y] = [state.x.column, state.y.column];
    return {
      type: "custom",
      silent: true,
      z: 8,
      data: rows.map((r) => [at("x", r), at("y", r), r]).filter(([a, b]) => a !== null && b !== null),
      renderItem: (_, api) => {
        const r = api.value(2);
        const style = { stroke: colour("text"), opacity: 0.45, lineWidth: 1 };
        const children = [];
        if (x && x.lo[r] !== null && x.hi[r] !== null) {
          const [a, b] = [api.coord([x.lo[r], api.value(1)]), api.coord([x.hi[r], api.value(1)])];
          children.push({ type: "line", shape: { x1: a[0], y1: a[1], x2: b[0], y2: b[1] }, style });
        }
        if (y && y.lo[r] !== null && y.hi[r] !== null) {
          const [a, b] = [api.coord([api.value(0), y.lo[r]]), api.coord([api.value(0), y.hi[r]])];
          children.push({ type: "line", shape: { x1: a[0], y1: a[1], x2: b[0], y2: b[1] }, style });
        }
        return { type: "group", children };
      },
      clip: true,
    };
  }

  const tip = (r) => [
    `<b>${escape(titleOf(r))}</b>`,
    ...data.columns.filter((c) => c.kind !== "measure" || c === state.x.column || c === state.y.column).map((c) => `${escape(c.name)}: ${escape(text(c, c.v[r]))}`),
    ...[state.x, state.y].filter((a) => a.dimension && a.at(r) !== null).map((a) => `${escape(a.name)}: ${escape(a.dimension.values[a.at(r)])}`),
  ].join("<br>");

  const { drawn, draw } = chart(node, "Candidates over two chosen axes", option, (started) => {
    started.on("click", (p) => {
      if (p.value?.[2] !== undefined) {
        pick(p.value[2]);
      }
    });
  });
  void drawn;

  function redraw() {
    draw();
    const look = colours();
    byId("scatter-legend").replaceChildren(...look.names.map((name, g) => element("span", {}, element("span", { class: "dot", style: `background: var(--${look.colours[g % look.colours.length]})` }), name)), element("span", {}, "◇ recommended"));
    byId("space-note").textContent = "Click a point to pick it. Bars: 90 % intervals of the front and of picked candidates" + (Object.keys(data.doubt_from).length ? "; of a long front, of those with replications of their own." : ".") + (data.thinned ? ` The page holds ${data.thinned} of the candidates; all stand in candidates.csv.` : "");
    node.setAttribute("aria-label", `${state.y.name} over ${state.x.name}, ${view.rows.length} candidates`);
  }

  byId("axes").replaceChildren(
    axisSelect("across", "x"),
    axisSelect("up", "y"),
    select("colour", groups.map(([key, name]) => element("option", { value: key }, name)), state.by, (key) => {
      state.by = key;
      redraw();
    }));
  on("rows", redraw);
  on("picked", redraw);
}
