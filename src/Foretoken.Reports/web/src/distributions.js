import { axisLook, chart, escape, text, tooltipLook } from "./charts.js";
import { byId, choice, element } from "./dom.js";
import { axisMilliseconds, compact, number, percent, unitValue } from "./format.js";
import { colour } from "./theme.js";

// The tail that hurts: slow ones of a latency, low ones of a speed.
const marksOf = (metric) => (metric.higher_is_better ? [["p50", "quiet"], ["p5", "second"], ["p1", "bad"]] : [["p50", "quiet"], ["p95", "second"], ["p99", "bad"]]);

export function drawDistributions(data) {
  let cumulative = false;
  const redraw = [];
  const panels = byId("panels");
  if (data.histograms.length === 0) {
    panels.replaceWith(element("p", { class: "empty" }, "No request was answered: there are no distributions."));
    byId("distribution-choice").remove();
    return;
  }

  for (const histogram of data.histograms) {
    const metric = data.metrics.find((m) => m.tag === histogram.tag);
    const node = element("div", { class: "chart", role: "img" });
    panels.append(element("div", { class: "panel" },
      element("h3", {}, metric.name),
      element("p", { class: "quiet marks" }, ...marksOf(metric).map(([p, tone]) => element("span", { class: "mark-" + tone }, p + " " + unitValue(metric[p], metric.unit)))),
      node));
    const label = `${metric.name}: ${marksOf(metric).map(([p]) => p + " " + unitValue(metric[p], metric.unit)).join(", ")}`;
    redraw.push(chart(node, label, () => option(histogram, metric, cumulative)).draw);
  }

  choice(byId("distribution-choice"), [["counts", "Counts"], ["share", "Cumulative"]], (key) => {
    cumulative = key === "share";
    redraw.forEach((draw) => draw());
  });
}

function option(histogram, metric, cumulative) {
  const axis = metric.unit === "ms" ? axisMilliseconds : compact;
  const edges = histogram.edges;
  const total = histogram.counts.reduce((a, b) => a + b, 0);
  const last = histogram.counts.length - 1;
  let sum = 0;
  const below = [0, ...histogram.counts.map((count) => (sum += count) / total)];
  const data = cumulative ? edges.map((edge, i) => [edge, below[i]]) : edges.map((edge, i) => [edge, histogram.counts[Math.min(i, last)]]);
  const lines = marksOf(metric).filter(([p]) => metric[p] >= edges[0]);
  return {
    animation: false,
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
    grid: { left: 44, right: 14, top: 12, bottom: 22 },
    tooltip: {
      ...tooltipLook(),
      trigger: "axis",
      axisPointer: { lineStyle: { color: colour("quiet") } },
      formatter: ([point]) => {
        if (cumulative) {
          return `<b>${percent(point.value[1])}</b> at most ${escape(unitValue(point.value[0], metric.unit))}`;
        }
        const i = Math.min(point.dataIndex, last);
        return `${escape(unitValue(edges[i], metric.unit))} to ${escape(unitValue(edges[i + 1], metric.unit))}<br><b>${number(histogram.counts[i], 0)}</b> (${percent(histogram.counts[i] / total)})`;
      },
    },
    xAxis: { ...axisLook(), type: "log", min: edges[0], max: edges[edges.length - 1], splitLine: { show: false }, axisLabel: { ...text(), hideOverlap: true, showMinLabel: false, showMaxLabel: false, formatter: axis } },
    yAxis: { ...axisLook(), type: "value", min: 0, max: cumulative ? 1 : undefined, splitNumber: 3, axisLabel: { ...text(), formatter: cumulative ? (v) => Math.round(v * 100) + " %" : compact } },
    series: [{
      type: "line",
      step: cumulative ? false : "end",
      showSymbol: false,
      data,
      lineStyle: { color: colour("accent"), width: 1.2 },
      itemStyle: { color: colour("accent") },
      areaStyle: { color: colour("accent"), opacity: 0.22 },
      emphasis: { disabled: true },
      markLine: {
        silent: true,
        symbol: "none",
        animation: false,
        data: lines.map(([p, tone]) => ({ xAxis: metric[p], lineStyle: { color: colour(tone), type: "solid", width: 1.4 }, label: { show: false } })),
      },
    }],
  };
}
