import { byId, element, fillTable } from "../dom.js";
import { number } from "../format.js";
import { probability } from "./advice.js";
import { data, on, shortPath, stateNames, text, titleOf, view, withDoubt } from "./data.js";

const maximised = new Map([...data.objectives.map((o) => [o.column, o.maximise]), ...data.constraints.map((c) => [c.column, c.at_least])]);

const phone = window.matchMedia("(max-width: 640px)");
const narrow = () => phone.matches;

export function drawCompare() {
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
  const rows = [];
  data.columns.forEach((column, c) => {
    const cells = both.map((r) => {
      const [value, interval] = withDoubt(column, r);
      return interval ? `${value} (${interval})` : value;
    });
    if (cells.some((t) => t !== "–")) {
      rows.push([[narrow() ? column.short : column.name, ""], ...cells, ...(b === undefined ? [] : [difference(column, c, a, b)])]);
    }
  });
  rows.push(["GPUs", ...both.map((r) => number(data.gpus[r], 0)), ...(b === undefined ? [] : [""])]);
  rows.push(["Keeps the SLO", ...both.map((r) => probability(data.slo[r])), ...(b === undefined ? [] : [""])]);
  rows.push(["Is on the front", ...both.map((r) => probability(data.front_probability[r])), ...(b === undefined ? [] : [""])]);
  rows.push(["State", ...both.map((r) => `${stateNames[data.state[r]]}, ${number(data.runs[r], 0)} runs`), ...(b === undefined ? [] : [""])]);
  rows.push(["Held back by", ...both.map((r) => causes(r)), ...(b === undefined ? [] : [""])]);
  for (const dimension of data.dimensions) {
    const values = both.map((r) => (dimension.index[r] < 0 ? "–" : dimension.values[dimension.index[r]]));
    const differs = new Set(values).size > 1;
    rows.push([[narrow() ? shortPath(dimension.path) : dimension.path, differs ? "differs" : ""], ...values.map((v) => [v, differs ? "differs" : ""]), ...(b === undefined ? [] : [differs ? "differs" : ""])]);
  }
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
