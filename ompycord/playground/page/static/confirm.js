// A dialog with one thing to do: Enter in it does it, Escape leaves it.

import { openDialog } from "./dialog.js";
import { h } from "./dom.js";

/** `content` stands beneath the words; with `isSafe` it has the focus, and the button is not red. */
export function openConfirm({ title, words, content = null, label, isSafe = false }, act) {
  const kind = isSafe ? "button-primary" : "button-danger";
  const yes = h("button", { type: "submit", class: `button ${kind}`, "data-testid": "confirm" }, label);
  const no = h("button", { type: "button", class: "button button-plain" }, "Cancel");
  const foot = h("div", { class: "dialog-foot" }, no, yes);
  const form = h("form", { class: "modal-form", novalidate: true }, h("p", {}, words), content, foot);
  const { close } = openDialog({ title, content: form, className: "modal", testId: "confirm-dialog" });
  if (!isSafe) yes.focus();
  no.addEventListener("click", close);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    close();
    act();
  });
}
