import { byId } from "./dom.js";

const root = document.documentElement;
const dark = window.matchMedia("(prefers-color-scheme: dark)");
let chosen = null;
let listeners = [];

export const isDark = () => root.dataset.theme === "dark";

export function colour(name) {
  return getComputedStyle(root).getPropertyValue("--" + name).trim();
}

export function onTheme(listener) {
  listeners.push(listener);
}

function apply(theme) {
  if (root.dataset.theme === theme) {
    return;
  }
  root.dataset.theme = theme;
  byId("theme").textContent = theme === "dark" ? "Light" : "Dark";
  byId("theme").setAttribute("aria-label", "Switch to " + (theme === "dark" ? "light" : "dark") + " colours");
  listeners.forEach((l) => l());
}

export function startTheme() {
  const system = () => (dark.matches ? "dark" : "light");
  apply(system());
  dark.addEventListener("change", () => apply(chosen ?? system()));
  byId("theme").addEventListener("click", () => {
    chosen = isDark() ? "light" : "dark";
    apply(chosen);
  });
  // Paper is light.
  window.addEventListener("beforeprint", () => apply("light"));
  window.addEventListener("afterprint", () => apply(chosen ?? system()));
}
