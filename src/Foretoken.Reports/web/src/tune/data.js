import { byId } from "../dom.js";
import { axisMilliseconds, compact, decimals, number, percent, unitValue } from "../format.js";

export const data = JSON.parse(byId("data").textContent);

// Numbers come as base64: three bytes each, the front of a single-precision number. What is no number becomes null.
function numbers(text) {
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const view = new DataView(new ArrayBuffer(4));
  const all = new Array(bytes.length / 3);
  for (let i = 0; i < all.length; i++) {
    view.setUint8(0, bytes[3 * i]);
    view.setUint8(1, bytes[3 * i + 1]);
    view.setUint8(2, bytes[3 * i + 2]);
    const value = view.getFloat32(0);
    all[i] = Number.isFinite(value) ? +value.toPrecision(5) : null;
  }
  return all;
}

// Intervals of what nobody is judged by are there for some candidates only.
const detailed = new Set(data.detailed);
for (const column of data.columns) {
  column.v = numbers(column.v);
  for (const part of ["lo", "hi"]) {
    const some = numbers(column[part]);
    let next = 0;
    column[part] = some.length === column.v.length ? some : data.number.map((n) => (detailed.has(n) ? some[next++] : null));
  }
}
for (const name of ["violation", "slo", "front_probability", "cause_share"]) {
  data[name] = numbers(data[name]);
}

export const count = data.number.length;

// A number and its unit stay on one line.
export const kept = (sentence) => sentence.replace(/(\d) (%|ms|s|h|tokens\/s|GPUs?|GB|requests\/s)(?=[^A-Za-z]|$)/g, "$1\u00a0$2");

// Whose replications the intervals of a row come from.
export const doubtOf = (r) => (data.slo[r] === null ? "–" : data.doubt_from[data.number[r]] ? `as no. ${data.doubt_from[data.number[r]]}` : "own");

export const stateNames = ["finished", "out-raced", "hopeless"];

const rowOf = new Map(data.number.map((n, i) => [n, i]));

// Row of a candidate's number; undefined for those that the page does not hold.
export const row = (candidate) => rowOf.get(candidate);

export const advised = data.recommendation ? row(data.recommendation.candidate) : undefined;
export const onFront = new Set(data.front.map(row));

export function text(column, value) {
  if (value === null || value === undefined || !Number.isFinite(value)) {
    return "–";
  }
  const shown = column.share ? (value === 0 ? "0 %" : percent(value)) : column.unit === "$" ? "$" + number(value, decimals(value))
    : column.unit === "ms" && Number.isInteger(value) && value < 10000 ? number(value, 0) + " ms" : unitValue(value, column.unit);
  return kept(shown);
}

export function withDoubt(column, i) {
  const value = column.v[i];
  if (value === null || column.lo[i] === null || column.hi[i] === null || column.lo[i] === column.hi[i]) {
    return [text(column, value), ""];
  }
  const shown = band(column, column.lo[i], column.hi[i]);
  return [text(column, value), shown === text(column, value) ? "" : shown];
}

// Both ends, or one where they look alike.
export function band(column, low, high) {
  const [from, to] = [text(column, low), text(column, high)];
  return from === to ? from : from + " to " + to;
}

export function axisText(column) {
  return column.unit === "ms" ? axisMilliseconds : column.share ? (v) => +(v * 100).toFixed(2) + " %" : column.unit === "$" ? (v) => "$" + +v.toPrecision(3) : (v) => compact(v);
}

// What an axis can show: numbers and settings alike.
export const axes = [
  ...data.columns.map((column, i) => ({ key: "c" + i, name: column.name, kind: column.kind, column, at: (r) => column.v[r] })),
  ...data.dimensions.map((dimension, i) => ({ key: "d" + i, name: dimension.path, kind: "setting", dimension, at: (r) => (dimension.index[r] < 0 ? null : dimension.index[r]) })),
];
// A setting's last word where that says which one it is.
const words = data.dimensions.map((d) => d.path.split(".").at(-1));
export const shortPath = (path) => {
  const last = path.split(".").at(-1);
  return words.filter((w) => w === last).length > 1 ? path.split(".").slice(-2).join(".") : last;
};

export const objectives = data.objectives.map((o) => data.columns[o.column]);

export const keepsSlo = (r) => data.state[r] === 0 && data.violation[r] === 0;

// What everything on the page looks at: the filtered rows and the two picked ones.
export const view = { rows: [], picked: [] };
const listeners = { rows: [], picked: [] };

export function on(what, listener) {
  listeners[what].push(listener);
}

export function show(rows) {
  view.rows = rows;
  listeners.rows.forEach((l) => l());
}

export function pick(r) {
  view.picked = view.picked.includes(r) ? view.picked.filter((p) => p !== r) : [...view.picked, r].slice(-2);
  listeners.picked.forEach((l) => l());
}

export const titleOf = (r) => `${data.number[r]} · ${data.title[r]}`;
