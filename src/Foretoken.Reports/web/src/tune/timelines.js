import { axisLook, chart, escape, text, tooltipLook } from "../charts.js";
import { byId, choice } from "../dom.js";
import { clock, compact, duration, number, percent, ticksBetween } from "../format.js";
import { colour } from "../theme.js";
import { data, on, row, titleOf, view } from "./data.js";

const bandsOf = (t) => [
  { name: "Arrivals per second", lines: [["arrivals", "accent", t.arrivals]], unit: (v) => number(v, 2) },
  { name: "Requests", lines: [["running", "third", t.running], ["waiting", "second", t.waiting]], unit: (v) => number(v, 1) },
  { name: "KV cache usage", lines: [["KV cache", "fourth", t.kv_cache_usage]], unit: percent, most: 1 },
  { name: "Output tokens per second", lines: [["output tokens", "accent", t.output_tokens]], unit: (v) => number(v, 0) },
  ...(t.replicas.some((v) => v !== t.replicas[0]) ? [{ name: "Replicas", lines: [["replicas", "third", t.replicas]], unit: (v) => number(v, 1) }] : []),
];

export function drawTimelines() {
  const section = byId("over-time");
  const numbers = Object.keys(data.timelines).map(Number).filter((n) => row(n) !== undefined);
  if (numbers.length === 0) {
    section.remove();
    return;
  }
  numbers.sort((a, b) => data.shortlist.indexOf(a) - data.shortlist.indexOf(b));
  const node = byId("timeline");
  let shown = numbers[0];
  const top = 40, height = 78, gap = 44;

  const option = () => {
    const t = data.timelines[shown];
    const bands = bandsOf(t);
    const span = t.bin_seconds * t.arrivals.length;
    const ticks = ticksBetween(0, span, Math.max(2, Math.floor(node.clientWidth / 110)));
    return {
      animation: false,
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
      title: bands.map((band, i) => ({ text: band.name, left: 0, top: top + i * (height + gap) - 26, padding: 0, textStyle: { color: colour("text"), fontSize: 12.5, fontWeight: 600 } })),
      legend: bands.map((band, i) => ({ show: band.lines.length > 1, data: band.lines.map((l) => l[0]), right: 4, top: top + i * (height + gap) - 26, padding: 0, itemWidth: 14, itemHeight: 8, icon: "roundRect", textStyle: text(), inactiveColor: colour("line") })),
      grid: bands.map((_, i) => ({ left: 58, right: 14, top: top + i * (height + gap), height })),
      axisPointer: { link: [{ xAxisIndex: "all" }], lineStyle: { color: colour("quiet") }, label: { show: false } },
      tooltip: {
        ...tooltipLook(),
        trigger: "axis",
        formatter: (points) => "at " + clock(points[0]?.axisValue ?? 0, span) + "<br>" + bands.flatMap((band) => band.lines.map((l) => {
          const point = points.find((p) => p.seriesName === l[0]);
          return point ? `${escape(l[0])}: <b>${escape(band.unit(point.value[1]))}</b>` : null;
        })).filter((r) => r).join("<br>"),
      },
      xAxis: bands.map((_, i) => ({ ...axisLook(), type: "value", gridIndex: i, min: 0, max: span, splitLine: { show: false }, axisTick: { ...axisLook().axisTick, customValues: ticks }, axisLabel: { ...text(), hideOverlap: true, formatter: (v) => clock(v, span), customValues: ticks } })),
      yAxis: bands.map((band, i) => ({ ...axisLook(), type: "value", gridIndex: i, min: 0, max: band.most, splitNumber: 2, axisLabel: { ...text(), hideOverlap: true, formatter: band.most ? (v) => v * 100 + " %" : compact } })),
      series: bands.flatMap((band, i) => band.lines.map((l) => ({
        name: l[0], type: "line", xAxisIndex: i, yAxisIndex: i, step: "end", showSymbol: false, data: l[2].map((v, k) => [k * t.bin_seconds, v]),
        lineStyle: { color: colour(l[1]), width: 1.4 }, itemStyle: { color: colour(l[1]) }, areaStyle: { color: colour(l[1]), opacity: 0.12 }, emphasis: { disabled: true },
      }))),
    };
  };

  const fit = () => {
    node.style.height = top + bandsOf(data.timelines[shown]).length * (height + gap) - 10 + "px";
  };
  fit();
  const { draw } = chart(node, "Load and queue over simulated time", option);
  choice(byId("timeline-choice"), numbers.map((n) => [String(n), "candidate " + n]), (key) => {
    shown = Number(key);
    const t = data.timelines[shown];
    fit();
    byId("timeline-note").textContent = `${titleOf(row(shown))}. Means over ${duration(t.bin_seconds)} each. Timelines are kept for the shortlist.`;
    draw();
  });
  // Who picks a candidate with a timeline wants to see it.
  on("picked", () => {
    const last = view.picked.at(-1);
    const button = last === undefined ? null : byId("timeline-choice").querySelector(`[data-key="${data.number[last]}"]`);
    if (button && button.getAttribute("aria-pressed") !== "true") {
      button.click();
    }
  });
}
