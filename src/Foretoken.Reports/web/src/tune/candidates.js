import { byId, element } from "../dom.js";
import { number } from "../format.js";
import { probability } from "./advice.js";
import { data, doubtOf, on, onFront, pick, stateNames, text, view } from "./data.js";

const pageSize = 50;

export function drawCandidates() {
  const bounded = data.columns.filter((c) => c.kind !== "measure");
  const others = data.columns.filter((c) => c.kind === "measure");
  const numberColumn = (column) => ({
    name: column.short,
    of: (r) => column.v[r],
    cell: (r) => [text(column, column.v[r]), column.v[r] !== null && column.lo[r] !== column.hi[r] && column.lo[r] !== null && column.hi[r] !== null ? " ±" + number(((column.hi[r] - column.lo[r]) / 2 / Math.abs(column.v[r] || 1)) * 100, 0) + " %" : ""],
  });
  const columns = [
    { name: "no.", of: (r) => data.number[r], cell: (r) => [String(data.number[r]), ""] },
    { name: "configuration", left: true, of: (r) => data.title[r], cell: (r) => [data.title[r], ""] },
    { name: "front", of: (r) => (onFront.has(r) ? 1 : 0), cell: (r) => [onFront.has(r) ? "●" : "", ""] },
    { name: "GPUs", of: (r) => data.gpus[r], cell: (r) => [number(data.gpus[r], 0), ""] },
    ...bounded.map(numberColumn),
    { name: "keeps SLO", of: (r) => data.slo[r], cell: (r) => [probability(data.slo[r]), ""] },
    { name: "on front", of: (r) => data.front_probability[r], cell: (r) => [probability(data.front_probability[r]), ""] },
    { name: "doubt", left: true, of: (r) => data.doubt_from[data.number[r]] ?? null, cell: (r) => [doubtOf(r), ""] },
    { name: "held back by", left: true, of: (r) => (data.cause[r] < 0 ? null : data.causes[data.cause[r]]), cell: (r) => [data.cause[r] < 0 ? "–" : `${data.causes[data.cause[r]]} ${number(data.cause_share[r] * 100, 0)} %`, ""] },
    ...others.map(numberColumn),
    { name: "state", left: true, of: (r) => data.state[r], cell: (r) => [stateNames[data.state[r]], ""] },
    { name: "runs", of: (r) => data.runs[r], cell: (r) => [number(data.runs[r], 0), ""] },
  ];
  const first = data.objectives[0];
  const order = onFront.size ? { column: 2, down: true } : { column: 4, down: first ? first.maximise : false };
  // What is equal otherwise stands by the first objective.
  const worth = (r) => (first ? (first.maximise ? -1 : 1) * (data.columns[first.column].v[r] ?? Infinity) : 0);
  const settle = (a, b) => worth(a) - worth(b) || a - b;
  let page = 0;
  let sorted = [];

  const table = byId("candidate-table");
  const heads = columns.map((column, c) => {
    const button = element("button", { type: "button" }, column.name);
    button.addEventListener("click", () => {
      order.down = order.column === c ? !order.down : false;
      order.column = c;
      page = 0;
      sort();
    });
    return element("th", { scope: "col", class: column.left ? "text" : null }, button);
  });
  const body = element("tbody");
  table.append(element("thead", {}, element("tr", {}, ...heads)), body);

  function sort() {
    const { of } = columns[order.column];
    const sign = order.down ? -1 : 1;
    // Those without a value come last in either direction.
    sorted = [...view.rows].sort((a, b) => {
      const [x, y] = [of(a), of(b)];
      const [no, nor] = [x === null || Number.isNaN(x), y === null || Number.isNaN(y)];
      return no || nor ? no - nor || settle(a, b) : sign * (x < y ? -1 : x > y ? 1 : 0) || settle(a, b);
    });
    heads.forEach((head, c) => {
      head.setAttribute("aria-sort", c === order.column ? (order.down ? "descending" : "ascending") : "none");
      head.firstChild.textContent = columns[c].name + (c === order.column ? (order.down ? " ▼" : " ▲") : "");
    });
    fill();
  }

  function fill() {
    const pages = Math.max(1, Math.ceil(sorted.length / pageSize));
    page = Math.min(page, pages - 1);
    body.replaceChildren(...sorted.slice(page * pageSize, (page + 1) * pageSize).map((r) => {
      const cells = columns.map((column, c) => {
        const [main, more] = column.cell(r);
        const kind = column.left ? "text" : null;
        const children = [main, more ? element("span", { class: "doubt" }, more) : null];
        return c === 0 ? element("th", { scope: "row" }, ...children) : element("td", { class: kind }, ...children);
      });
      const line = element("tr", { class: view.picked.includes(r) ? "picked" : null, "data-row": r, tabindex: "0" }, ...cells);
      line.addEventListener("click", () => pick(r));
      line.addEventListener("keydown", (e) => {
        if (e.key === "Enter") {
          pick(r);
        }
      });
      return line;
    }));
    const step = (label, to, name) => {
      const button = element("button", { type: "button", "aria-label": name }, label);
      button.disabled = to < 0 || to >= pages;
      button.addEventListener("click", () => {
        page = to;
        fill();
      });
      return button;
    };
    byId("pages").replaceChildren(step("‹", page - 1, "Page before"), element("span", { class: "quiet" }, sorted.length ? `${number(page * pageSize + 1, 0)}–${number(Math.min(sorted.length, (page + 1) * pageSize), 0)} of ${number(sorted.length, 0)}` : "none"), step("›", page + 1, "Next page"));
  }

  on("rows", () => {
    page = 0;
    sort();
  });
  on("picked", () => body.querySelectorAll("tr").forEach((line) => line.classList.toggle("picked", view.picked.includes(+line.dataset.row))));
}
