import { axisLook, chart, escape, text, tooltipLook } from "./charts.js";
import { byId, choice } from "./dom.js";
import { axisMilliseconds, clock, milliseconds, number, ticksBetween } from "./format.js";
import { colour } from "./theme.js";

export function drawScatter(data) {
  const points = data.points;
  const span = data.simulated_end_seconds;
  const node = byId("scatter");
  if (points.index.length === 0) {
    node.className = "empty";
    node.style.height = "auto";
    node.textContent = "No request was answered.";
    return;
  }

  byId("scatter-note").textContent = (points.index.length === points.of
    ? points.of === 1 ? "The one answered request" : `All ${number(points.of, 0)} answered requests`
    : `${number(points.index.length, 0)} of ${number(points.of, 0)} answered requests: an even sample, and the slowest to a first token of each interval`) + ", by arrival.";
  const kinds = [["ttft_ms", "Time to first token"], ["latency_ms", "Request latency"], ["itl_ms", "Inter-token latency"]];
  let kind = kinds[0][0];

  const ticks = () => ticksBetween(0, span, Math.max(2, Math.floor(node.clientWidth / 110)));
  const option = () => ({
    animation: false,
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
    grid: { left: 62, right: 14, top: 14, bottom: 26 },
    tooltip: {
      ...tooltipLook(),
      formatter: ({ data: [, , i] }) => [
        `request ${number(points.index[i], 0)} on replica ${points.worker[i]}`,
        `arrival ${escape(clock(points.arrival_s[i], span))}`,
        `${number(points.input[i], 0)} tokens in, ${number(points.output[i], 0)} out`,
        `TTFT ${milliseconds(points.ttft_ms[i])}, ITL ${milliseconds(points.itl_ms[i])}, latency ${milliseconds(points.latency_ms[i])}`,
      ].join("<br>"),
    },
    xAxis: { ...axisLook(), type: "value", min: 0, max: span, splitLine: { show: false }, axisTick: { ...axisLook().axisTick, customValues: ticks() }, axisLabel: { ...text(), hideOverlap: true, formatter: (v) => clock(v, span), customValues: ticks() } },
    yAxis: { ...axisLook(), type: "log", axisLabel: { ...text(), formatter: axisMilliseconds } },
    series: [{
      type: "scatter",
      // All points at once: drawn in portions, a printed page could miss some.
      progressive: 0,
      symbolSize: points.index.length > 400 ? 3.5 : 7,
      itemStyle: { color: colour("accent"), opacity: points.index.length > 400 ? 0.55 : 0.85 },
      data: points[kind].map((v, i) => [points.arrival_s[i], v, i]).filter(([, v]) => v > 0),
    }],
  });

  const label = () => kinds.find((k) => k[0] === kind)[1] + " of single requests over their arrival, logarithmic";
  const { draw } = chart(node, label(), option);
  choice(byId("scatter-choice"), kinds, (key) => {
    kind = key;
    node.setAttribute("aria-label", label());
    draw();
  });
}
