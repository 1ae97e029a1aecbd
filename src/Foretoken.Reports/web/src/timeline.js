import { axisLook, chart, escape, text, tooltipLook } from "./charts.js";
import { byId } from "./dom.js";
import { axisMilliseconds, clock, compact, duration, milliseconds, number, percent, ticksBetween } from "./format.js";
import { colour } from "./theme.js";

// Charts above each other in one, so that they share the time axis, the zoom and the pointer.
export function drawTimeline(data, onZoom) {
  const line = data.timeline;
  const width = line.bin_seconds;
  const span = data.simulated_end_seconds;
  const node = byId("timeline");
  if (data.requests.total === 0) {
    node.className = "empty";
    node.style.height = "auto";
    node.textContent = "No requests: nothing happened.";
    return;
  }

  // A bin is drawn as a step from its start; the last one ends with the run.
  const series = (values, factor = 1) => values.map((v, i) => [i * width, v * factor]).concat([[Math.min(span, values.length * width), values[values.length - 1] * factor]]);
  const over = data.over_time;
  const middle = (values) => values.map((v, i) => [Math.min(span, (i + 0.5) * over.bin_seconds), v]);
  const bands = [
    { name: "Requests per second", unit: (v) => number(v) + " /s", lines: [["arrivals", "second", series(line.arrivals, 1 / width)], ["ends", "accent", series(line.completions, 1 / width)], ...(line.shed ? [["shed by the router", "bad", series(line.shed, 1 / width)]] : [])] },
    { name: "Requests in the fleet", unit: (v) => number(v, v < 10 ? 2 : 1), lines: [["running", "accent", series(line.running)], ["waiting", "second", series(line.waiting)], ...(line.held ? [["held at the router", "quiet", series(line.held)]] : [])] },
    { name: "Replicas", whole: true, unit: (v) => number(v, Number.isInteger(v) ? 0 : 1), lines: line.replicas_held.some((v, i) => v !== line.replicas[i]) ? [["serving", "accent", series(line.replicas)], ["holding GPUs", "quiet", series(line.replicas_held)]] : [["replicas", "accent", series(line.replicas)]] },
    { name: "KV cache in use", unit: (v) => percent(v), axis: (v) => number(v * 100, 0) + " %", lines: [["KV cache", "third", series(line.kv_cache_usage)]] },
    { name: "Output tokens per second", unit: (v) => number(v) + " /s", lines: [["output tokens", "fourth", series(line.output_tokens, 1 / width)]] },
    { name: "Time to first token", unit: milliseconds, axis: axisMilliseconds, log: true, smooth: true, lines: [["p50", "accent", middle(over.p50)], ["p95", "second", middle(over.p95)], ["max", "quiet", middle(over.max)]] },
  ];
  if (over.reuse.length > 0) {
    bands.push({ name: "Prompt tokens found in the prefix cache", unit: (v) => percent(v), axis: (v) => number(v * 100, 0) + " %", smooth: true, lines: [["cached", "third", middle(over.reuse)]] });
  }
  const tiers = [["tier hits", "accent", "tier_hit_tokens"], ["stored", "third", "tier_stored_tokens"], ["loaded", "second", "tier_loaded_tokens"], ["promoted", "fourth", "tier_promoted_tokens"], ["demoted", "text", "tier_demoted_tokens"], ["evicted", "quiet", "tier_evicted_tokens"]].filter(([, , key]) => line[key].length > 0);
  if (tiers.length > 0) {
    bands.push({ name: "KV outside the GPU, tokens/s", unit: (v) => number(v) + " /s", lines: tiers.map(([name, look, key]) => [name, look, series(line[key], 1 / width)]) });
  }
  if (line.handed_bytes.length > 0) {
    bands.push({ name: "KV handed over, GB/s", unit: (v) => number(v) + " GB/s", lines: [["KV handed over", "fourth", series(line.handed_bytes, 1e-9 / width)]] });
  }
  byId("time-note").textContent = "Means over " + duration(width) + " each. Drag the handles below the charts to zoom; the replica lanes follow. Time to first token stands at the arrival." + (data.slo && data.slo.bad_minutes.length ? " Shaded: bad minutes." : "");

  const top = 40, height = 104, gap = 52;
  let shown = [0, span];
  const ticks = () => ticksBetween(...shown, Math.max(2, Math.floor(node.clientWidth / 110)));
  const badAreas = (data.slo?.bad_minutes ?? []).map((m) => [{ xAxis: m * 60 }, { xAxis: Math.min(span, (m + 1) * 60) }]);

  const option = () => ({
    animation: false,
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
    title: bands.map((band, i) => ({ text: band.name, left: 0, top: top + i * (height + gap) - 28, padding: 0, textStyle: { color: colour("text"), fontSize: 12.5, fontWeight: 600 } })),
    legend: bands.map((band, i) => ({ show: band.lines.length > 1, data: band.lines.map((l) => l[0]), right: 4, top: top + i * (height + gap) - 28, padding: 0, itemWidth: 14, itemHeight: 8, icon: "roundRect", textStyle: text(), inactiveColor: colour("line") })),
    grid: bands.map((_, i) => ({ left: 62, right: 14, top: top + i * (height + gap), height })),
    axisPointer: { link: [{ xAxisIndex: "all" }], lineStyle: { color: colour("quiet") }, label: { show: false } },
    tooltip: {
      ...tooltipLook(),
      trigger: "axis",
      formatter: (points) => {
        const at = points[0]?.axisValue ?? 0;
        const rows = bands.flatMap((band) => band.lines.map((l) => {
          const point = points.find((p) => p.seriesName === l[0]);
          return point && point.value[1] !== null && point.value[1] !== undefined ? `${escape(band.lines.length > 1 && band.log ? "TTFT " + l[0] : l[0])}: <b>${escape(band.unit(point.value[1]))}</b>` : null;
        })).filter((r) => r);
        return "at " + clock(at, span) + "<br>" + rows.join("<br>");
      },
    },
    xAxis: bands.map((_, i) => ({ ...axisLook(), type: "value", gridIndex: i, min: 0, max: span, splitLine: { show: false }, axisTick: { ...axisLook().axisTick, customValues: ticks() }, axisLabel: { ...text(), hideOverlap: true, formatter: (v) => clock(v, span), customValues: ticks() } })),
    yAxis: bands.map((band, i) => ({ ...axisLook(), type: band.log ? "log" : "value", gridIndex: i, min: band.log ? undefined : 0, minInterval: band.whole ? 1 : undefined, splitNumber: 3, axisLabel: { ...text(), hideOverlap: true, formatter: band.axis ?? compact } })),
    dataZoom: [
      { type: "slider", brushSelect: false, showDetail: false, xAxisIndex: bands.map((_, i) => i), bottom: 6, height: 24, left: 62, right: 14, borderColor: colour("line"), fillerColor: colour("accent-soft"), handleStyle: { color: colour("card"), borderColor: colour("accent") }, moveHandleStyle: { color: colour("quiet"), opacity: 0.5 }, dataBackground: { lineStyle: { color: colour("quiet"), opacity: 0.5 }, areaStyle: { color: colour("quiet"), opacity: 0.12 } }, selectedDataBackground: { lineStyle: { color: colour("accent") }, areaStyle: { color: colour("accent"), opacity: 0.15 } } },
    ],
    series: bands.flatMap((band, i) => band.lines.map((l, k) => ({
      name: l[0],
      type: "line",
      xAxisIndex: i,
      yAxisIndex: i,
      step: band.smooth ? false : "end",
      showSymbol: false,
      connectNulls: false,
      data: step(l[2], band),
      lineStyle: { color: colour(l[1]), width: 1.4, type: l[0] === "max" ? "dotted" : "solid" },
      itemStyle: { color: colour(l[1]) },
      areaStyle: band.lines.length === 1 || l[0] === "running" ? { color: colour(l[1]), opacity: 0.13 } : undefined,
      emphasis: { disabled: true },
      markArea: k === 0 && badAreas.length ? { silent: true, itemStyle: { color: colour("bad"), opacity: 0.1 }, data: badAreas } : undefined,
    }))),
  });

  // A logarithmic axis has no place for zero.
  function step(values, band) {
    return band.log ? values.map(([x, y]) => [x, y > 0 ? y : null]) : values;
  }

  node.style.height = top + bands.length * (height + gap) + 22 + "px";
  chart(node, `Requests, queue, replicas, KV cache, token rate and time to first token over ${duration(span)} of simulated time`, option, (drawn) => {
    drawn.on("datazoom", () => {
      const zoom = drawn.getOption().dataZoom[0];
      shown = [(zoom.start / 100) * span, (zoom.end / 100) * span];
      drawn.setOption({ xAxis: bands.map(() => ({ axisTick: { customValues: ticks() }, axisLabel: { customValues: ticks() } })) });
      onZoom(...shown);
    });
  });
}
