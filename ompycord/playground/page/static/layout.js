// What opens and closes on small screens, and the page's own keys.

import { byId } from "./dom.js";

/** Sets up the sidebar, the member list and Ctrl+K; returns what the app closes itself. */
export function setUpLayout(ui) {
  const shell = byId("shell");
  const opener = byId("sidebar-button");
  const members = byId("members-button");
  const narrow = matchMedia("(max-width: 720px)");

  function showSidebar(isShown) {
    shell.classList.toggle("has-sidebar", isShown);
    opener.setAttribute("aria-expanded", String(isShown));
    byId("sidebar").inert = narrow.matches && !isShown;
    byId("main").inert = narrow.matches && isShown;
    if (!narrow.matches) return;
    if (isShown) byId("sidebar").querySelector("a[aria-current], a")?.focus();
    else if (byId("sidebar").contains(document.activeElement)) opener.focus();
  }

  function closeSidebar() {
    if (shell.classList.contains("has-sidebar")) {
      showSidebar(false);
      opener.focus();
    }
  }

  opener.addEventListener("click", () => showSidebar(!shell.classList.contains("has-sidebar")));
  byId("sidebar-shade").addEventListener("click", closeSidebar);
  narrow.addEventListener("change", () => showSidebar(false));
  const showMembers = (isShown) => {
    shell.classList.toggle("has-members", isShown);
    members.setAttribute("aria-expanded", String(isShown));
  };
  members.addEventListener("click", () => showMembers(!shell.classList.contains("has-members")));
  const wide = matchMedia("(min-width: 1200px)");
  wide.addEventListener("change", () => showMembers(wide.matches));
  showMembers(wide.matches);
  ui.store.on("tools-opened", () => showMembers(false));
  byId("switcher-button").addEventListener("click", () => ui.openSwitcher());
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      if (!document.querySelector("dialog[open]")) ui.openSwitcher();
    }
    if (event.key === "Escape" && narrow.matches) closeSidebar();
  });
  showSidebar(false);
  return { closeSidebar, isNarrow: () => narrow.matches };
}
