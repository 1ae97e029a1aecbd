import { byId, choice } from "./dom.js";
import { clock, duration, number, percent, ticksBetween } from "./format.js";
import { colour, onTheme } from "./theme.js";

// One row per replica, one cell per bin. Drawn as an image of one pixel per cell and stretched: a thousand replicas cost
// no more than one.
export function startLanes(data) {
  const lanes = data.lanes;
  const span = data.simulated_end_seconds;
  const canvas = byId("lane-canvas");
  const tip = byId("lane-tip");
  const workers = lanes.workers;
  const kinds = [
    ["running", "Running batch", (v) => number(v, v < 10 ? 2 : 1) + " running"],
    ["kv_cache_usage", "KV cache", (v) => percent(v) + " of the KV cache"],
    ["waiting", "Queue", (v) => number(v, v < 10 ? 2 : 1) + " waiting"],
  ];
  const cells = Object.fromEntries(kinds.map(([key]) => [key, bytes(lanes[key])]));
  let kind = kinds[0];
  let from = 0;
  let to = span;
  let image = null;
  let cursor = null;

  byId("lane-note").textContent = workers === 0 || data.requests.total === 0
    ? "Nothing ran."
    : `${number(workers, 0)} ${workers === 1 ? "replica" : "replicas"}, one lane each from top to bottom; means over ${duration(lanes.bin_seconds)}.`;
  if (workers === 0 || data.requests.total === 0) {
    canvas.hidden = true;
    byId("lane-choice").hidden = true;
    byId("lane-legend").hidden = true;
    return () => {};
  }

  const rowHeight = Math.max(1, Math.min(22, Math.floor(420 / workers)));
  const gap = rowHeight >= 8 ? 2 : 0;
  const plotHeight = Math.max(rowHeight * workers, 22);
  const left = 62, right = 14, bottom = 20;

  function makeImage() {
    const off = document.createElement("canvas");
    off.width = lanes.bins;
    off.height = workers;
    const context = off.getContext("2d");
    const pixels = context.createImageData(lanes.bins, workers);
    const [low, high] = [rgb(colour("lane-low") || colour("line")), rgb(ramp()[1])];
    const values = cells[kind[0]];
    for (let i = 0; i < values.length; i++) {
      const share = Math.pow(values[i] / 255, 0.8);
      for (let c = 0; c < 3; c++) {
        pixels.data[4 * i + c] = low[c] + (high[c] - low[c]) * share;
      }
      pixels.data[4 * i + 3] = 255;
    }
    context.putImageData(pixels, 0, 0);
    image = off;
  }

  const ramp = () => [colour("line"), colour(kind[0] === "running" ? "accent" : kind[0] === "waiting" ? "second" : "third")];

  function draw() {
    const width = canvas.clientWidth;
    if (!width) {
      return;
    }
    const ratio = window.devicePixelRatio || 1;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round((plotHeight + bottom) * ratio);
    canvas.style.height = plotHeight + bottom + "px";
    const context = canvas.getContext("2d");
    context.scale(ratio, ratio);
    context.clearRect(0, 0, width, plotHeight + bottom);
    const plot = width - left - right;
    context.imageSmoothingEnabled = false;
    const first = from / lanes.bin_seconds;
    const count = (to - from) / lanes.bin_seconds;
    if (gap) {
      for (let w = 0; w < workers; w++) {
        context.drawImage(image, first, w, count, 1, left, w * rowHeight, plot, rowHeight - gap);
      }
    } else {
      // More lanes than pixels: let the browser average them.
      context.imageSmoothingEnabled = workers > plotHeight;
      context.drawImage(image, first, 0, count, workers, left, 0, plot, plotHeight);
    }
    if (cursor) {
      context.strokeStyle = colour("text");
      context.lineWidth = 1;
      context.strokeRect(left + ((cursor.bin - first) / count) * plot, cursor.worker * plotHeight / workers, Math.max(2, plot / count), Math.max(2, plotHeight / workers - gap));
    }
    context.fillStyle = colour("quiet");
    context.font = "11px " + getComputedStyle(document.body).fontFamily;
    context.textBaseline = "middle";
    context.textAlign = "right";
    const every = Math.max(1, Math.ceil((14 * workers) / plotHeight));
    for (let w = 0; w < workers; w += niceStep(every)) {
      context.fillText(String(lanes.first_worker + w), left - 8, Math.max(6, (w + 0.5) * plotHeight / workers - gap / 2));
    }
    context.textBaseline = "top";
    for (const t of ticksBetween(from, to, Math.max(2, Math.floor(plot / 110)))) {
      const x = left + ((t - from) / (to - from)) * plot;
      context.textAlign = x < left + 20 ? "left" : x > width - right - 20 ? "right" : "center";
      context.fillText(clock(t, span), x, plotHeight + 5);
    }
  }

  const niceStep = (n) => {
    const power = Math.pow(10, Math.floor(Math.log10(n)));
    return [1, 2, 5, 10].map((m) => m * power).find((m) => m >= n);
  };

  function show(worker, bin, x, y) {
    if (worker < 0 || worker >= workers || bin < 0 || bin >= lanes.bins) {
      hide();
      return;
    }
    cursor = { worker, bin };
    const value = (cells[kind[0]][worker * lanes.bins + bin] / 255) * lanes[kind[0] + "_max"];
    tip.textContent = `replica ${lanes.first_worker + worker} at ${clock(bin * lanes.bin_seconds, span)}: ${kind[2](value)}`;
    tip.hidden = false;
    const room = canvas.clientWidth - tip.offsetWidth - 4;
    tip.style.left = Math.max(0, Math.min(room, x + 12)) + "px";
    tip.style.top = Math.max(0, y - 36) + "px";
    draw();
  }

  function hide() {
    cursor = null;
    tip.hidden = true;
    draw();
  }

  canvas.addEventListener("pointermove", (e) => {
    const plot = canvas.clientWidth - left - right;
    const at = from + ((e.offsetX - left) / plot) * (to - from);
    show(Math.floor((e.offsetY / plotHeight) * workers), e.offsetX < left ? -1 : Math.floor(at / lanes.bin_seconds), e.offsetX, e.offsetY);
  });
  canvas.addEventListener("pointerleave", hide);
  canvas.addEventListener("blur", hide);
  canvas.addEventListener("keydown", (e) => {
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[e.key];
    if (!step) {
      return;
    }
    e.preventDefault();
    const now = cursor ?? { worker: 0, bin: Math.floor(from / lanes.bin_seconds) };
    const worker = Math.max(0, Math.min(workers - 1, now.worker + step[0]));
    const bin = Math.max(0, Math.min(lanes.bins - 1, now.bin + step[1]));
    const plot = canvas.clientWidth - left - right;
    show(worker, bin, left + ((bin * lanes.bin_seconds - from) / (to - from)) * plot, (worker + 0.5) * plotHeight / workers);
  });

  function refresh() {
    makeImage();
    draw();
    const legend = byId("lane-legend");
    legend.replaceChildren("0", Object.assign(document.createElement("span"), { className: "ramp" }), kind[0] === "kv_cache_usage" ? "100 %" : number(lanes[kind[0] + "_max"], 1));
    legend.children[0].style.background = `linear-gradient(to right, ${ramp()[0]}, ${ramp()[1]})`;
    canvas.setAttribute("aria-label", `${kind[1]} of ${workers} replicas over time; arrow keys move through replicas and time`);
  }

  choice(byId("lane-choice"), kinds, (key) => {
    kind = kinds.find((k) => k[0] === key);
    refresh();
  });
  onTheme(refresh);
  new ResizeObserver(draw).observe(canvas);
  return (start, end) => {
    from = start;
    to = Math.max(end, start + lanes.bin_seconds);
    draw();
  };
}

const bytes = (base64) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));

const rgb = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
