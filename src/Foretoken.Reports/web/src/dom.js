// Everything from the data enters the page as text, never as markup.
export const byId = (id) => document.getElementById(id);

export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null) {
      made.setAttribute(key, value);
    }
  }
  made.append(...children.filter((c) => c !== null && c !== undefined));
  return made;
}

// rows: arrays of cells; a cell is a text or [text, class].
export function fillTable(table, caption, heads, rows) {
  table.replaceChildren();
  table.setAttribute("aria-label", caption);
  if (heads) {
    table.append(element("thead", {}, element("tr", {}, ...heads.map((h) => {
      const [text, kind] = Array.isArray(h) ? h : [h];
      return element("th", { scope: "col", class: kind }, text);
    }))));
  }
  table.append(element("tbody", {}, ...rows.map((cells) => element("tr", {}, ...cells.map((cell, i) => {
    const [text, kind] = Array.isArray(cell) ? cell : [cell];
    return i === 0 ? element("th", { scope: "row", class: kind }, text) : element("td", { class: kind }, text);
  })))));
}

// A group of buttons of which one is pressed.
export function choice(group, options, onChoose) {
  const buttons = options.map(([key, label]) => {
    const button = element("button", { type: "button", "aria-pressed": "false", "data-key": key }, label);
    button.addEventListener("click", () => choose(key));
    return button;
  });
  group.replaceChildren(...buttons);
  function choose(key) {
    for (const button of buttons) {
      button.setAttribute("aria-pressed", String(button.dataset.key === key));
    }
    onChoose(key);
  }
  choose(options[0][0]);
}
