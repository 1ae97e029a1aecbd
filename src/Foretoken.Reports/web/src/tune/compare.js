import { byId, choice, element, fillTable } from "../dom.js";
import { number } from "../format.js";
import { probability } from "./advice.js";
import { data, doubtOf, on, shortPath, stateNames, text, titleOf, view, withDoubt } from "./data.js";

const maximised = new Map([...data.objectives.map((o) => [o.column, o.maximise]), ...data.constraints.map((c) => [c.column, c.at_least])]);

const phone = window.matchMedia("(max-width: 640px)");
const narrow = () => phone.matches;

let everything = false;

export function drawCompare() {
  choice(byId("compare-choice"), [["some", "What differs"], ["all", "Everything"]], (key) => {
    everything = key === "all";
    draw();
  });
  on("picked", draw);
  phone.addEventListener("change", draw);
  draw();
}

function draw() {
  const [a, b] = view.picked;
  const table = byId("compare-table");
  if (a === undefined) {
    table.replaceChildren();
    byId("compare-why").textContent = "No candidate is picked.";
    return;
  }
  const both = view.picked;
  const last = (cell) => (b === undefined ? [] : [cell]);
  const numbers = (kept) => data.columns.flatMap((column, c) => {
    const cells = both.map((r) => {
      const [value, interval] = withDoubt(column, r);
      return interval ? `${value} (${interval})` : value;
    });
    return kept(column) && cells.some((t) => t !== "–") ? [[[narrow() ? column.short : column.name, ""], ...cells, ...last(b === undefined ? "" : difference(column, c, a, b))]] : [];
  });
  const settings = data.dimensions.map((dimension) => {
    const values = both.map((r) => (dimension.index[r] < 0 ? "–" : dimension.values[dimension.index[r]]));
    const differs = new Set(values).size > 1;
    const mark = differs ? "differs" : "";
    return { differs, applies: values.some((v) => v !== "–"), cells: [[narrow() ? shortPath(dimension.path) : dimension.path, mark], ...values.map((v) => [v, mark]), ...last(mark)] };
  }).filter((s) => s.applies);
  const rows = [
    ...numbers((c) => c.kind !== "measure"),
    ...(data.columns.some((c) => c.text === "gpu_count") && everything ? [] : [["GPUs", ...both.map((r) => number(data.gpus[r], 0)), ...last("")]]),
    ["Keeps the SLO", ...both.map((r) => probability(data.slo[r])), ...last("")],
    ["Is on the front", ...both.map((r) => probability(data.front_probability[r])), ...last("")],
    ["Intervals", ...both.map((r) => doubtOf(r)), ...last("")],
    ["State", ...both.map((r) => `${stateNames[data.state[r]]}, ${number(data.runs[r], 0)} runs`), ...last("")],
    ["Held back by", ...both.map((r) => causes(r)), ...last("")],
    ...settings.filter((s) => everything || s.differs || b === undefined).map((s) => s.cells),
    ...(everything ? numbers((c) => c.kind === "measure") : []),
  ];
  fillTable(table, "Two candidates", ["", ...both.map((r) => titleOf(r)), ...(b === undefined ? [] : ["B against A"])], rows);
  const heads = table.querySelectorAll("thead th");
  both.forEach((_, i) => heads[i + 1].prepend(element("span", { class: "mark mark-" + "ab"[i] }, "AB"[i])));
  byId("compare-why").replaceChildren(...both.filter((r) => data.why[data.number[r]]).map((r) => element("p", {}, `${data.number[r]}: ${data.why[data.number[r]]}`)));
}

function causes(r) {
  const all = data.bottlenecks[data.number[r]];
  return all ? all.map(([c, share]) => `${data.causes[c]} ${number(share * 100, 0)} %`).join(", ") : data.cause[r] >= 0 ? `${data.causes[data.cause[r]]} ${number(data.cause_share[r] * 100, 0)} %` : "–";
}

function difference(column, c, a, b) {
  const [from, to] = [column.v[a], column.v[b]];
  if (from === null || to === null || !Number.isFinite(from) || !Number.isFinite(to)) {
    return "";
  }
  if (from === to) {
    return "=";
  }
  const change = column.share ? `${to >= from ? "+" : "−"}${number(Math.abs(to - from) * 100, 1)} points`
    : from === 0 ? text(column, to - from) : `${to >= from ? "+" : "−"}${number(Math.abs(to / from - 1) * 100, 1)}\u00a0%`;
  const sure = pair(c, a, b);
  const more = maximised.get(c);
  return [change + (sure === null ? "" : ` (better with ${probability(sure)})`), more === undefined ? "" : to > from === more ? "better" : "worse"];
}

// How surely B beats A.
function pair(c, a, b) {
  const objective = data.objectives.findIndex((o) => o.column === c);
  const [x, y] = [data.number[a], data.number[b]];
  for (const [first, second, o, p] of data.pairs) {
    if (o === objective && first === x && second === y) {
      return 1 - p;
    }
    if (o === objective && first === y && second === x) {
      return p;
    }
  }
  return null;
}
