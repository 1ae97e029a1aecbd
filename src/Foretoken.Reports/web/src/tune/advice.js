import { byId, element, fillTable } from "../dom.js";
import { duration, number } from "../format.js";
import { advised, band, data, kept, onFront, row, text, titleOf, withDoubt } from "./data.js";

export const probability = (p) => (p === null || p === undefined ? "–" : p > 0.995 && p < 1 ? ">99\u00a0%" : p > 0 && p < 0.005 ? "<1\u00a0%" : number(p * 100, 0) + "\u00a0%");

export function drawHeader() {
  byId("title").textContent = data.name;
  byId("headline").replaceChildren(...data.headline.map((line) => element("p", { class: "quiet" }, line)));
  const goal = data.objectives.map((o) => (o.maximise ? "maximise " : "minimise ") + data.columns[o.column].name);
  const kept = data.constraints.map((c) => `${data.columns[c.column].name} ${c.at_least ? "at least" : "at most"} ${text(data.columns[c.column], c.bound)}`);
  byId("subtitle").textContent = goal.join(" · ") + (kept.length ? " · keep " + kept.join(" and ") : "");
}

const list = (title, sentences) => (sentences.length ? [element("h3", {}, title), element("ul", {}, ...sentences.map((s) => element("li", {}, kept(s))))] : []);

export function drawAdvice() {
  const section = byId("advice");
  const advice = data.recommendation;
  if (!advice || advised === undefined) {
    section.className = "missed";
    section.replaceChildren(element("h2", { id: "advice-title" }, "Nothing could be run"));
    return;
  }
  section.className = advice.meets_slo ? "met" : "missed";
  const numbers = element("table", { class: "loose" });
  const rows = [];
  const bounded = new Set(data.constraints.map((c) => c.column));
  for (const o of data.objectives.filter((o) => !bounded.has(o.column))) {
    const column = data.columns[o.column];
    rows.push([column.name, ...withDoubt(column, advised).map((t, i) => (i ? [t, "doubt"] : t)), ""]);
  }
  for (const c of data.constraints) {
    const column = data.columns[c.column];
    const value = column.v[advised];
    const met = value !== null && (c.at_least ? value >= c.bound : value <= c.bound);
    rows.push([column.name, ...withDoubt(column, advised).map((t, i) => (i ? [t, "doubt"] : [t, met ? "state-met" : "state-missed"])), (c.at_least ? "at least " : "at most ") + text(column, c.bound)]);
  }
  rows.push(["GPUs", number(data.gpus[advised], 0), "", ""]);
  if (data.slo[advised] !== null) {
    rows.push(["Keeps the SLO with", probability(data.slo[advised]), "", ""], ["Is on the front with", probability(data.front_probability[advised]), "", ""]);
  }
  fillTable(numbers, "The recommended candidate", ["", "value", "90 % interval", "bound"], rows);
  const steps = advice.verification.map((step) => {
    const r = row(step.candidate);
    return element("li", {}, `candidate ${r === undefined ? step.candidate : titleOf(r)}: ${step.why}`,
      element("ul", {}, ...step.bands.map((b) => {
        const column = data.columns.find((c) => c.text === b.measure) ?? { unit: "" };
        return element("li", { class: "quiet" }, `${column.name ?? b.measure}: expect ${band(column, b.low, b.high)}`);
      })));
  });
  section.replaceChildren(
    element("h2", { id: "advice-title" }, (advice.meets_slo ? "Recommended: candidate " : "Nothing keeps the SLO. Nearest: candidate ") + titleOf(advised)),
    element("div", { class: "advice-body" },
      element("div", {}, element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "The recommended candidate" }, numbers), ...list("Why", advice.reasons)),
      element("div", {}, ...list("What would change it", advice.would_change), ...(steps.length ? [element("h3", {}, "To measure on real GPUs first"), element("ul", {}, ...steps)] : []))));
}

export function drawTiles() {
  const finished = data.totals.finished;
  const keeping = data.totals.keeping;
  const tiles = [
    ["Candidates", number(data.totals.candidates, 0), "", `of ${number(data.search.space_size, 0)} points`],
    ["Keep the SLO", number(keeping, 0), `of ${number(finished, 0)}`, `${number(onFront.size, 0)} on the front`],
    ["Simulated", number(data.search.simulated_hours, data.search.simulated_hours < 100 ? 1 : 0), "h", `${number(data.search.runs, 0)} runs in ${duration(data.wall_seconds)}`],
    ["On real GPUs", data.search.real_cost === null ? number(data.search.real_gpu_hours, 0) : "$" + number(data.search.real_cost, 0), data.search.real_cost === null ? "GPU h" : "", `${number(data.search.real_gpu_hours, 0)} GPU hours`],
  ];
  byId("tiles").replaceChildren(...tiles.map(([name, main, unit, more]) => element("div", { class: "tile" },
    element("div", { class: "name" }, name),
    element("div", { class: "value" }, main + " ", element("small", {}, unit)),
    element("div", { class: "more" }, more))));
}
