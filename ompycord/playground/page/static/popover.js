// Small floating panels (menus, pickers, lists): placed beside their opener, closed by Escape or a press elsewhere.

import { byId, rememberFocus } from "./dom.js";

const MARGIN_PX = 8;
let current = null;

/**
 * Shows `panel` beside `opener` (an element) or at a point; closing gives the focus back. Returns the closer, whose
 * argument reaches `onClose`: "escape", "outside", "replaced" or what the caller says.
 */
export function openPopover(panel, opener, { point = null, onClose = null } = {}) {
  current?.("replaced");
  const giveFocusBack = rememberFocus();
  const layer = opener.closest("dialog") ?? byId("overlays");
  panel.classList.add("popover");
  layer.append(panel);
  place(panel, point ?? opener.getBoundingClientRect());
  opener.setAttribute("aria-expanded", "true");

  const outside = (event) => {
    if (!panel.contains(event.target) && !opener.contains(event.target)) close("outside");
  };
  const escape = (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    close("escape");
  };
  const leave = (event) => {
    if (event.key === "Tab")
      setTimeout(() => panel.isConnected && !panel.contains(document.activeElement) && close("outside"));
  };
  function close(reason = "done") {
    if (current !== close) return;
    current = null;
    document.removeEventListener("pointerdown", outside, true);
    document.removeEventListener("keydown", escape, true);
    panel.removeEventListener("keydown", leave);
    panel.remove();
    if (opener.isConnected) opener.setAttribute("aria-expanded", "false");
    const leavesFocus = reason === "outside" || reason === "replaced";
    if (!leavesFocus && !giveFocusBack()) opener.focus();
    onClose?.(reason);
  }
  current = close;
  document.addEventListener("pointerdown", outside, true);
  document.addEventListener("keydown", escape, true);
  panel.addEventListener("keydown", leave);
  return close;
}

export function closePopover() {
  current?.("replaced");
}

function place(panel, box) {
  const { width, height } = panel.getBoundingClientRect();
  const below = box.bottom + MARGIN_PX + height <= innerHeight;
  const top = below ? box.bottom + 4 : Math.max(MARGIN_PX, box.top - height - 4);
  const left = Math.min(Math.max(MARGIN_PX, box.left), Math.max(MARGIN_PX, innerWidth - width - MARGIN_PX));
  panel.style.top = `${Math.min(top, Math.max(MARGIN_PX, innerHeight - height - MARGIN_PX))}px`;
  panel.style.left = `${left}px`;
}

/** Arrow keys, Home and End move the focus through the controls of a menu or a grid. */
export function moveWithArrows(panel, selector) {
  panel.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    if (event.target.matches("input") && !["ArrowDown", "ArrowUp"].includes(event.key)) return;
    const controls = [...panel.querySelectorAll(selector)];
    if (!controls.length || (!step && event.key !== "Home" && event.key !== "End")) return;
    event.preventDefault();
    const at = controls.indexOf(document.activeElement);
    const to =
      event.key === "Home"
        ? 0
        : event.key === "End"
          ? controls.length - 1
          : (at + step + controls.length) % controls.length;
    controls[to].focus();
  });
}
