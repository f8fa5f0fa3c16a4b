// The popover with a channel's pinned messages; earlier pages are read until all pins are known.

import { api } from "./api.js";
import { byId, h } from "./dom.js";
import { icon } from "./icons.js";
import { plainText } from "./plain_text.js";
import { openPopover } from "./popover.js";
import { messageTime } from "./timestamps.js";

const PAGE = 50;
const MOST_PAGES = 20;

async function pinnedMessages(store, channel) {
  const found = [];
  let before = null;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const list = await api.messages(channel, store.me, before);
    found.unshift(...list.filter((message) => message.pinned));
    if (list.length < PAGE) break;
    before = list[0].id;
  }
  return found.reverse();
}

export function setUpPins(ui) {
  const button = byId("pins-button");
  button.append(icon("pin"));
  button.addEventListener("click", async () => {
    const list = h("ul", { class: "pins-list" }, h("li", { class: "list-note" }, "Loading…"));
    const panel = h(
      "div",
      { class: "pins", role: "dialog", "aria-label": "Pinned messages", "data-testid": "pins", tabindex: "-1" },
      h("h2", {}, "Pinned messages"),
      list,
    );
    const close = openPopover(panel, button);
    panel.focus();
    try {
      const pins = await pinnedMessages(ui.store, ui.store.channel);
      list.replaceChildren(...pins.map((message) => row(message, close, ui)));
      if (!pins.length) list.append(h("li", { class: "list-note" }, "No pinned messages."));
      list.querySelector("button")?.focus();
    } catch (error) {
      list.replaceChildren(h("li", { class: "list-note" }, error.message));
    }
  });
}

function row(message, close, ui) {
  const open = () => {
    close("replaced");
    ui.openChannel(message.channel_id, message.id);
  };
  return h(
    "li",
    {},
    h(
      "button",
      { type: "button", class: "pin-row", on: { click: open } },
      h(
        "span",
        { class: "message-head" },
        h("span", { class: "message-author" }, ui.store.displayName(message.author)),
        messageTime(message.timestamp),
      ),
      h("span", { class: "pin-text" }, plainText(message, ui.store)),
    ),
  );
}
