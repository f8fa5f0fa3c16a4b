// Changing a message of one's own, in its place: Enter saves, Escape leaves it as it was.

import { api } from "./api.js";
import { byId, h } from "./dom.js";

/** Whether the acting person may change this message: their own, with a text, not ephemeral. */
export function mayEdit(message, store) {
  return message.author?.id === store.me && Boolean(message.content) && !message.ephemeral_for;
}

/** Replaces the message's text by a text box. */
export function editMessage(message, ui) {
  const row = byId(`message-${message.id}`);
  const shown = row?.querySelector(".message-content");
  if (!shown) return;
  const input = h("textarea", {
    class: "text-input edit-input",
    "aria-label": "Edit message",
    "data-testid": "edit-input",
    value: message.content,
  });
  const problem = h("p", { class: "composer-problem", role: "alert" });
  const key = (label, act) => h("button", { type: "button", class: "link-button", on: { click: act } }, label);
  const leave = () => {
    editor.replaceWith(shown);
    row.focus();
  };
  const save = async () => {
    const content = input.value.trim();
    if (!content || content === message.content) return leave();
    try {
      await api.editMessage({ user: ui.store.me, channel: message.channel_id, message: message.id, content });
      if (editor.isConnected) leave();
    } catch (error) {
      problem.textContent = error.message;
    }
    return undefined;
  };
  const editor = h(
    "div",
    { class: "edit" },
    input,
    problem,
    h("p", { class: "edit-foot" }, "Escape to ", key("cancel", leave), " · Enter to ", key("save", save)),
  );
  input.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.isComposing || (event.key !== "Escape" && (event.key !== "Enter" || event.shiftKey))) return;
    event.preventDefault();
    if (event.key === "Escape") leave();
    else save();
  });
  shown.replaceWith(editor);
  input.focus();
  input.setSelectionRange(input.value.length, input.value.length);
}
