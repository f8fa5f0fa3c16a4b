// Dark as Discord is, until the person chooses light or the system's wish.

import { byId } from "./dom.js";

const KEY = "ompycord-playground-theme";
const NEXT = { system: "dark", dark: "light", light: "system" };
const NAMES = { system: "Theme: as the system", dark: "Theme: dark", light: "Theme: light" };
const MARKS = { system: "◐", dark: "●", light: "○" };

export function setUpTheme() {
  const button = byId("theme-button");
  let theme = NEXT[localStorage.getItem(KEY)] ? localStorage.getItem(KEY) : "dark";
  const show = () => {
    if (theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    button.setAttribute("aria-label", NAMES[theme]);
    button.title = NAMES[theme];
    button.firstElementChild.textContent = MARKS[theme];
  };
  button.addEventListener("click", () => {
    theme = NEXT[theme];
    localStorage.setItem(KEY, theme);
    show();
  });
  show();
}
