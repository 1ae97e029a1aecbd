import { byId, element, fillTable } from "../dom.js";
import { number } from "../format.js";
import { data, objectives } from "./data.js";

export function drawLooked() {
  const table = byId("sensitivity-table");
  if (data.sensitivities.length === 0) {
    byId("matters").remove();
  } else {
    const most = (s) => Math.max(...s.shares.map((v) => v ?? 0));
    fillTable(table, "Sensitivities", ["Setting", ...objectives.flatMap((o) => [[o.short, "text"], ["best", "text"]])], [...data.sensitivities].sort((a, b) => most(b) - most(a)).map((s) => [
      s.dimension, ...s.shares.flatMap((share, i) => [[number((share ?? 0) * 100, 0) + " %", "bar-cell"], [s.best[i], "text"]]),
    ]));
    table.querySelectorAll(".bar-cell").forEach((cell) => {
      const share = parseFloat(cell.textContent);
      cell.prepend(element("span", { class: "bar", style: `width: ${Math.max(1, share)}px` }));
    });
  }

  const t = data.totals;
  fillTable(byId("count-table"), "Counts", null, [
    ["Points of the space", number(data.search.space_size, 0)],
    ["Cannot exist or may not", number(data.infeasible.reduce((n, i) => n + i.points, 0), 0)],
    ["Mean the same as another", number(data.search.equivalent, 0)],
    ["Candidates", number(t.candidates, 0)],
    ["Hopeless by the fluid limit, never run", number(t.hopeless, 0)],
    ["Out-raced on a slice of the traffic", number(t.out_raced, 0)],
    ["Finished", number(t.finished, 0)],
    ["Runs", number(data.search.runs, 0)],
    ["Simulated hours", number(data.search.simulated_hours)],
    ["GPU hours on real GPUs", number(data.search.real_gpu_hours, 0)],
    ["Search", data.search.exhaustive ? "every point" : data.search.algorithm],
    ["Seed", String(data.seed)],
    ["Foretoken", data.version],
  ]);
  if (data.infeasible.length === 0) {
    byId("reason-table").parentElement.remove();
  } else {
    fillTable(byId("reason-table"), "Why points cannot exist", ["Why points cannot exist", "points"], data.infeasible.map((i) => [[i.reason, "wide"], number(i.points, 0)]));
  }
  fillTable(byId("dimension-table"), "Settings of the space", null, data.dimensions.map((d) => [d.path, [d.values.join(", "), "text wide"]]));
  byId("notes").replaceChildren(...data.notes.map((n) => element("p", { class: "quiet" }, "Note: " + n)));
}
