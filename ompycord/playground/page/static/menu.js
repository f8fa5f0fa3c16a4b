// The menu of a message: reactions, the applications' message commands, copying, the thread.

import { api } from "./api.js";
import { usableCommands } from "./commands.js";
import { h } from "./dom.js";
import { editMessage, mayEdit } from "./editing.js";
import { deleteMessage, mayDelete, mayOpenThread, mayPin, mayReply, openThreadFrom, pinMessage } from "./message_acts.js";
import { moveWithArrows, openPopover } from "./popover.js";
import { openReactionPicker } from "./reactions.js";

const MESSAGE_COMMAND = 3;

export function openMessageMenu(message, opener, ui, point = null) {
  const { store } = ui;
  const apps = message.ephemeral_for ? [] : usableCommands(store, MESSAGE_COMMAND);
  const menu = h("div", {
    class: "menu",
    role: "menu",
    "aria-label": "Message actions",
    "data-testid": "message-menu",
  });
  let close = null;
  const entry = (label, act, attributes = {}) =>
    h(
      "button",
      {
        type: "button",
        role: "menuitem",
        tabindex: "-1",
        class: "menu-item",
        ...attributes,
        on: { click: () => (close("done"), act()) },
      },
      label,
    );
  menu.append(
    ...(message.ephemeral_for ? [] : [entry("Add reaction", () => openReactionPicker(message, opener, ui, point))]),
    ...(mayEdit(message, store) ? [entry("Edit message", () => editMessage(message, ui))] : []),
    ...(mayReply(message) ? [entry("Reply", () => ui.reply(message))] : []),
    ...(mayOpenThread(message, store) ? [entry("Create thread", () => openThreadFrom(message, ui))] : []),
    ...(mayPin(message, store)
      ? [entry(message.pinned ? "Unpin message" : "Pin message", () => pinMessage(message, ui))]
      : []),
    ...(message.ephemeral_for ? [] : [entry("Mark unread", () => ui.markUnread(message))]),
    entry("Copy text", () => copy(message.content || message.embeds?.[0]?.description || "", ui)),
    entry("Copy message id", () => copy(message.id, ui)),
  );
  if (store.isThread(message.id) && message.id !== message.channel_id)
    menu.append(entry("Open thread", () => ui.openThread(message.id)));
  if (message.ephemeral_for) menu.append(entry("Dismiss message", () => ui.dismissMessage(message)));
  if (mayDelete(message, store))
    menu.append(entry("Delete message", () => deleteMessage(message, ui), { class: "menu-item is-danger" }));
  if (apps.length) {
    const group = h(
      "div",
      { role: "group", "aria-label": "Apps", class: "menu-group" },
      h("div", { class: "menu-heading", "aria-hidden": "true" }, "Apps"),
    );
    for (const command of apps)
      group.append(
        entry(command.name, () => run(command, message, ui), {
          "data-testid": "app-command",
          "data-command": command.name,
        }),
      );
    menu.append(group);
  }
  moveWithArrows(menu, '[role="menuitem"]');
  close = openPopover(menu, opener, { point });
  menu.querySelector('[role="menuitem"]').focus();
}

async function copy(text, ui) {
  try {
    await navigator.clipboard.writeText(text);
    ui.notify("Copied.");
  } catch {
    ui.notify("The browser did not allow copying.");
  }
}

function run(command, message, ui) {
  const payload = {
    user: ui.store.me,
    channel: message.channel_id,
    command: command.id,
    options: [],
    target: message.id,
  };
  ui.interactions.send({ kind: "command", channel: message.channel_id, label: command.name }, () =>
    api.command(payload),
  );
}
