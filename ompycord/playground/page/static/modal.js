// Opens the forms an application asks for, checks them, and keeps what was typed until the application has answered.

import { api } from "./api.js";
import { h } from "./dom.js";
import { openDialog } from "./dialog.js";
import { failureText } from "./interactions.js";
import { modalFields } from "./modal_fields.js";

export function openModal({ interaction, modal }, ui) {
  const { nodes, fields } = modalFields(modal.components, ui);
  const problem = h("p", { class: "form-problem", role: "alert", "data-testid": "modal-problem" });
  const submit = h(
    "button",
    { type: "submit", class: "button button-primary", "data-testid": "modal-submit" },
    "Submit",
  );
  const cancel = h("button", { type: "button", class: "button button-plain", "data-testid": "modal-cancel" }, "Cancel");
  const form = h(
    "form",
    { class: "modal-form", novalidate: true },
    h(
      "p",
      { class: "modal-app" },
      `This form goes to ${ui.store.displayName(ui.store.bot.user)}. Don't enter real passwords.`,
    ),
    nodes,
    problem,
    h("div", { class: "dialog-foot" }, cancel, submit),
  );
  const { close } = openDialog({ title: modal.title, content: form, className: "modal", testId: "modal" });
  cancel.addEventListener("click", close);
  let isSending = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (isSending || !showErrors(fields, (field) => field.check())) return;
    isSending = true;
    submit.setAttribute("aria-busy", "true");
    submit.textContent = "Submitting…";
    problem.textContent = "";
    const refusal = await send(interaction, fields, ui);
    isSending = false;
    submit.removeAttribute("aria-busy");
    submit.textContent = "Submit";
    if (refusal) problem.textContent = refusal;
    else if (refusal === null) close();
  });
}

/** Shows each field's error, moves to the first; true when there is none. */
function showErrors(fields, errorOf) {
  let first = null;
  for (const field of fields) {
    const error = errorOf(field);
    field.showError(error);
    if (error) first ??= field;
  }
  first?.focus();
  return first === null;
}

/** Null when answered, "" when the fields show why not, else what is wrong. */
async function send(interaction, fields, ui) {
  const values = Object.fromEntries(fields.map((field) => [field.customId, field.read()]));
  try {
    const sent = await api.modal({ user: ui.store.me, interaction, values });
    const outcome = await ui.interactions.outcome(sent.interaction);
    const isAnswered = outcome.kind !== "failed" && outcome.kind !== "silent";
    return isAnswered ? null : `${failureText(outcome.reason).replace(/\.$/, "")}. Your text is still here.`;
  } catch (error) {
    if (!error.errors) return `${error.message} Your text is still here.`;
    const isPlaced = fields.some((field) => error.errors[field.customId]);
    showErrors(fields, (field) => error.errors[field.customId] ?? null);
    return isPlaced ? "" : Object.values(error.errors).join(" ");
  }
}
