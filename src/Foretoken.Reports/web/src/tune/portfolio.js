import { byId, element, fillTable } from "../dom.js";
import { data, kept } from "./data.js";

const colours = ["accent", "second", "third", "fourth"];

export function drawPortfolio() {
  const portfolio = data.portfolio;
  if (!portfolio) {
    byId("portfolio").remove();
    return;
  }
  const list = (node, sentences) => (sentences.length ? node.replaceChildren(...sentences.map((s) => element("li", {}, kept(s)))) : node.remove());
  list(byId("portfolio-said"), portfolio.sentences);
  list(byId("portfolio-switching"), portfolio.switching);
  drawSides(portfolio.sides);
  const words = new Set(["class", "own deployment"]);
  fillTable(byId("portfolio-table"), "Classes of the traffic", portfolio.heads.map((h) => [h, words.has(h) ? "text" : ""]), portfolio.rows.map((row) => row.map((cell, i) => [kept(cell), words.has(portfolio.heads[i]) ? "text wide" : ""])));
}

// Both sides as bars of one scale.
function drawSides(sides) {
  const node = byId("portfolio-sides");
  const sums = sides.map((side) => side.parts.reduce((sum, part) => sum + part.value, 0));
  const most = Math.max(...sums);
  if (!(most > 0)) {
    node.remove();
    return;
  }
  node.replaceChildren(...sides.map((side, s) => element("div", { class: "side" },
    element("span", { class: "side-name" }, side.name),
    element("span", { class: "side-bar", role: "img", "aria-label": side.parts.map((part) => `${part.name}: ${part.told}`).join(", ") },
      ...side.parts.map((part, i) => element("span", { class: "side-part", title: `${part.name}: ${part.told}`, style: `width: ${(part.value / most) * 100}%; border-color: var(--${colours[s === 0 ? 0 : i % colours.length]})` }, part.told, element("small", {}, part.name)))))));
}
