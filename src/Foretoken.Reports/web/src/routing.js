import { axisLook, chart, escape, text, tooltipLook } from "./charts.js";
import { byId } from "./dom.js";
import { compact, number, percent } from "./format.js";
import { colour } from "./theme.js";

// What each worker got, and how much of it its cache knew. Workers are equal, so evenness is what the eye looks for.
export function drawRouting(data) {
  const routing = data.routing;
  const node = byId("routing-chart");
  if (!routing || !routing.requests.some((v) => v > 0)) {
    byId("routing").remove();
    return;
  }

  const mean = routing.requests.reduce((a, b) => a + b, 0) / routing.requests.length;
  const most = Math.max(...routing.requests);
  const cached = routing.cached_share.some((v) => v > 0);
  const settings = data.scenario.settings;
  const policy = settings["fleet.routing.policy"];
  byId("routing-note").textContent = (policy ? `Router: ${policy}. ` : "") + `Answered requests by worker: ${number(mean)} on average, at most ${number(most, 0)} (${number(most / mean, 2)} times as many).`;
  const bands = [
    { name: "Requests", unit: (v) => number(v, 0), axis: compact, colour: "accent", values: routing.requests },
    { name: "Prompt tokens", unit: (v) => number(v, 0), axis: compact, colour: "fourth", values: routing.input_tokens },
  ];
  if (cached) {
    bands.push({ name: "Prompt tokens found in the worker's cache", unit: percent, axis: (v) => number(v * 100, 0) + " %", colour: "third", values: routing.cached_share });
  }

  const top = 34, height = 76, gap = 44;
  const option = () => ({
    animation: false,
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
    title: bands.map((band, i) => ({ text: band.name, left: 0, top: top + i * (height + gap) - 26, padding: 0, textStyle: { color: colour("text"), fontSize: 12.5, fontWeight: 600 } })),
    grid: bands.map((_, i) => ({ left: 62, right: 14, top: top + i * (height + gap), height })),
    axisPointer: { link: [{ xAxisIndex: "all" }], lineStyle: { color: colour("quiet") }, label: { show: false } },
    tooltip: {
      ...tooltipLook(),
      trigger: "axis",
      formatter: (points) => `worker ${escape(points[0].axisValue)}<br>` + bands.map((band) => `${escape(band.name)}: <b>${escape(band.unit(band.values[points[0].dataIndex]))}</b>`).join("<br>"),
    },
    xAxis: bands.map((_, i) => ({ ...axisLook(), type: "category", gridIndex: i, boundaryGap: true, data: routing.workers, axisLabel: { ...text(), hideOverlap: true } })),
    yAxis: bands.map((band, i) => ({ ...axisLook(), type: "value", gridIndex: i, min: 0, splitNumber: 3, axisLabel: { ...text(), hideOverlap: true, formatter: band.axis } })),
    series: bands.map((band, i) => ({
      name: band.name,
      type: "line",
      step: "middle",
      xAxisIndex: i,
      yAxisIndex: i,
      showSymbol: routing.workers.length < 40,
      symbolSize: 4,
      data: band.values,
      lineStyle: { color: colour(band.colour), width: 1.4 },
      itemStyle: { color: colour(band.colour) },
      areaStyle: { color: colour(band.colour), opacity: 0.13 },
      emphasis: { disabled: true },
    })),
  });
  node.style.height = top + bands.length * (height + gap) + "px";
  chart(node, "Requests, prompt tokens and cached prompt tokens by worker", option);
}
