// Modal dialogs: named by their title, the focus kept inside, Escape closes, the focus goes back where it was.

import { freshId, h, rememberFocus } from "./dom.js";
import { icon } from "./icons.js";
import { closePopover } from "./popover.js";

const FOCUSABLE = 'a[href], button, input, select, textarea, [tabindex]:not([tabindex="-1"])';

/** Opens a dialog with a title and content; `onClose` runs however it closes. Returns {element, close}. */
export function openDialog({ title, content, className = "", testId = null, onClose = null }) {
  closePopover();
  const giveFocusBack = rememberFocus();
  const titleId = freshId("dialog-title");
  const closer = h(
    "button",
    { type: "button", class: "icon-button dialog-close", "aria-label": "Close" },
    icon("close"),
  );
  const element = h(
    "dialog",
    { class: `dialog ${className}`, "aria-labelledby": titleId, "aria-modal": "true", "data-testid": testId },
    h("div", { class: "dialog-head" }, h("h2", { id: titleId }, title), closer),
    content,
  );
  let isOpen = true;
  const close = () => {
    if (!isOpen) return;
    isOpen = false;
    closePopover();
    // Not close(): it hands the focus back itself, and Chromium 156 then leaves a text field there deaf to typing.
    element.remove();
    onClose?.();
    giveFocusBack();
  };
  closer.addEventListener("click", close);
  element.addEventListener("cancel", (event) => {
    event.preventDefault();
    close();
  });
  element.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented) {
      event.preventDefault();
      event.stopPropagation();
      close();
    }
    if (event.key === "Tab") keepInside(element, event);
  });
  element.addEventListener("pointerdown", (event) => {
    if (event.target === element && isOutside(element, event)) close();
  });
  document.body.append(element);
  element.showModal();
  focusable(element)
    .find((control) => control !== closer)
    ?.focus();
  return { element, close };
}

function focusable(element) {
  return [...element.querySelectorAll(FOCUSABLE)].filter(
    (control) => !control.disabled && control.getClientRects().length > 0,
  );
}

function keepInside(element, event) {
  const controls = focusable(element);
  const first = controls[0];
  const last = controls.at(-1);
  if (event.shiftKey && document.activeElement === first) {
    event.preventDefault();
    last.focus();
  } else if (!event.shiftKey && document.activeElement === last) {
    event.preventDefault();
    first.focus();
  }
}

function isOutside(element, { clientX, clientY }) {
  const box = element.getBoundingClientRect();
  return clientX < box.left || clientX > box.right || clientY < box.top || clientY > box.bottom;
}
