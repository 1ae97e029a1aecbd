import { byId, choice, element } from "../dom.js";
import { number } from "../format.js";
import { count, data, keepsSlo, onFront, show } from "./data.js";

const kinds = {
  finished: (r) => data.state[r] === 0,
  slo: keepsSlo,
  front: (r) => onFront.has(r),
  all: () => true,
};

export function startFilters() {
  const chosen = data.dimensions.map(() => new Set());
  let kind = "finished";

  const apply = () => {
    const rows = [];
    const active = chosen.map((set, d) => [set, data.dimensions[d].index]).filter(([set]) => set.size);
    for (let r = 0; r < count; r++) {
      if (kinds[kind](r) && active.every(([set, index]) => set.has(index[r]))) {
        rows.push(r);
      }
    }
    byId("filter-count").replaceChildren(element("strong", {}, number(rows.length, 0)), ` of ${number(count, 0)} candidates shown`);
    byId("filter-knobs").firstElementChild.textContent = "Filter by settings" + (active.length ? ` (${active.length} in use)` : "");
    show(rows);
  };

  byId("knob-list").replaceChildren(...data.dimensions.map((dimension, d) => {
    const values = [...dimension.values.map((text, i) => [i, text]), ...(dimension.index.some((i) => i < 0) ? [[-1, "does not apply"]] : [])];
    return element("div", { class: "knob" }, element("div", { class: "name" }, dimension.path),
      element("div", { class: "choice", role: "group", "aria-label": dimension.path }, ...values.map(([index, text]) => {
        const chip = element("button", { type: "button", class: "chip", "aria-pressed": "false", "data-knob": dimension.path, title: text }, text);
        chip.addEventListener("click", () => {
          const pressed = chosen[d].has(index);
          chosen[d][pressed ? "delete" : "add"](index);
          chip.setAttribute("aria-pressed", String(!pressed));
          apply();
        });
        return chip;
      })));
  }));
  if (data.dimensions.length === 0) {
    byId("filter-knobs").remove();
  }
  choice(byId("filter-slo"), [["finished", "Finished"], ["slo", "Keep the SLO"], ["front", "Front"], ["all", "All"]], (key) => {
    kind = key;
    apply();
  });
}
