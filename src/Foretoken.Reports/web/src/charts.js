import { init, use } from "echarts/core";
import { LineChart, ScatterChart } from "echarts/charts";
import { DataZoomComponent, GridComponent, LegendComponent, MarkAreaComponent, MarkLineComponent, TitleComponent, TooltipComponent } from "echarts/components";
import { CanvasRenderer } from "echarts/renderers";
import { colour, onTheme } from "./theme.js";

use([LineChart, ScatterChart, DataZoomComponent, GridComponent, LegendComponent, MarkAreaComponent, MarkLineComponent, TitleComponent, TooltipComponent, CanvasRenderer]);

const live = [];

// A chart whose option is made anew when colours change; keeps its zoom.
export function chart(node, label, makeOption, started) {
  node.setAttribute("aria-label", label);
  const drawn = init(node, null, { renderer: "canvas" });
  const draw = () => drawn.setOption(makeOption(), { notMerge: true });
  draw();
  started?.(drawn);
  live.push({ drawn, draw, node });
  return { drawn, draw };
}

onTheme(() => live.forEach(({ drawn, draw }) => {
  const zoom = drawn.getOption()?.dataZoom?.[0];
  draw();
  if (zoom) {
    drawn.dispatchAction({ type: "dataZoom", start: zoom.start, end: zoom.end });
  }
}));

const observer = new ResizeObserver((entries) => entries.forEach((entry) => {
  live.find((l) => l.node === entry.target)?.drawn.resize();
}));

export function watchSizes() {
  live.forEach(({ node }) => observer.observe(node));
}

export const text = () => ({ color: colour("quiet"), fontFamily: "inherit", fontSize: 11 });

export const axisLook = () => ({
  axisLine: { lineStyle: { color: colour("line") } },
  axisTick: { lineStyle: { color: colour("line") } },
  axisLabel: text(),
  splitLine: { lineStyle: { color: colour("line"), opacity: 0.6 } },
  minorTick: { show: false },
});

export const tooltipLook = () => ({
  backgroundColor: colour("card"),
  borderColor: colour("line"),
  textStyle: { color: colour("text"), fontFamily: "inherit", fontSize: 12 },
  confine: true,
});

export const escape = (value) => String(value).replace(/[&<>"']/g, (c) => "&#" + c.charCodeAt(0) + ";");
