// Numbers as the terminal table shows them.
const cache = new Map();

function fixed(value, decimals) {
  if (!cache.has(decimals)) {
    cache.set(decimals, new Intl.NumberFormat("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals }));
  }
  return cache.get(decimals).format(value);
}

export function decimals(value) {
  const size = Math.abs(value);
  return size >= 1000 ? 0 : size >= 100 ? 1 : size >= 1 ? 2 : 3;
}

export function number(value, digits) {
  if (value === null || value === undefined || !Number.isFinite(value)) {
    return "–";
  }
  return fixed(value, digits ?? (Number.isInteger(value) ? 0 : decimals(value)));
}

export function percent(share) {
  return share === null || share === undefined ? "–" : number(share * 100, share > 0 && share < 0.1 ? 2 : 1) + " %";
}

export function compact(value) {
  const size = Math.abs(value);
  const [scale, suffix] = size >= 1e9 ? [1e9, " G"] : size >= 1e6 ? [1e6, " M"] : size >= 1e4 ? [1e3, " k"] : [1, ""];
  const scaled = value / scale;
  return number(scaled, Number.isInteger(scaled) ? 0 : Math.abs(scaled) >= 100 ? 0 : Math.abs(scaled) >= 10 ? 1 : 2) + suffix;
}

// Milliseconds in the unit that suits their size.
export function milliseconds(ms) {
  if (ms === null || ms === undefined || !Number.isFinite(ms)) {
    return "–";
  }
  return ms === 0 ? "0 ms" : ms < 1 ? number(ms * 1000, decimals(ms * 1000)) + " µs" : ms >= 10000 ? number(ms / 1000, decimals(ms / 1000)) + " s" : number(ms, decimals(ms)) + " ms";
}

// Milliseconds on an axis: 10, 100 ms, 1 s.
export function axisMilliseconds(ms) {
  const trim = (v) => String(+v.toPrecision(3));
  return ms < 1 ? trim(ms * 1000) + " µs" : ms < 1000 ? trim(ms) + " ms" : trim(ms / 1000) + " s";
}

export function duration(seconds) {
  if (seconds < 1) {
    return milliseconds(seconds * 1000);
  }
  if (seconds < 60) {
    return number(seconds, 1) + " s";
  }
  const two = (whole, factor, big, small) => {
    const rest = whole % factor;
    return number((whole - rest) / factor, 0) + " " + big + (rest ? " " + rest + " " + small : "");
  };
  return seconds < 3600 ? two(Math.round(seconds), 60, "min", "s")
    : seconds < 172800 ? two(Math.round(seconds / 60), 60, "h", "min")
    : two(Math.round(seconds / 3600), 24, "d", "h");
}

// A moment of the run: 12:34 (minutes and seconds), 1:02:03 from an hour on, 1.25 s below two minutes.
export function clock(seconds, span) {
  if (span < 120) {
    return +seconds.toFixed(span < 2 ? 3 : span < 20 ? 2 : 1) + " s";
  }
  const whole = Math.round(seconds);
  const two = (v) => String(v).padStart(2, "0");
  const h = Math.floor(whole / 3600), m = Math.floor(whole / 60) % 60, s = whole % 60;
  return span < 3600 ? Math.floor(whole / 60) + ":" + two(s) : h + ":" + two(m) + ":" + two(s);
}

// Whole, round numbers of seconds between ticks: at most `most` ticks over a span.
export function tickStep(span, most) {
  const steps = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400];
  const wanted = span / most;
  return steps.find((s) => s >= wanted) ?? Math.ceil(wanted / 86400) * 86400;
}

// The round moments between two ends.
export function ticksBetween(from, to, most) {
  const step = tickStep(to - from, most);
  const ticks = [];
  for (let i = Math.ceil(from / step); i * step <= to; i++) {
    ticks.push(i * step);
  }
  return ticks;
}

export function unitValue(value, unit) {
  if (unit === "ms") {
    return milliseconds(value);
  }
  return (number(value) + " " + (unit === "tokens/s/user" ? "tokens/s" : unit)).trim();
}
