// What the channel shows of a thread: its name, how many messages it has, and its last one.

import { h } from "./dom.js";
import { avatar } from "./avatars.js";
import { plainText } from "./plain_text.js";
import { timeElement } from "./timestamps.js";

/** The thread that belongs to a message of the channel, or null. */
export function threadOf(message, store) {
  const announced = message.type === 18 ? message.message_reference?.channel_id : null;
  const id = announced ?? message.thread?.id ?? message.id;
  return store.isThread(id) && id !== message.channel_id ? store.channels.get(id) : null;
}

export function threadChip(message, ui) {
  const thread = threadOf(message, ui.store);
  if (!thread) return null;
  const count = thread.message_count ?? 0;
  return h(
    "button",
    {
      type: "button",
      class: "thread-chip",
      "data-testid": "thread-chip",
      "data-channel-id": thread.id,
      "data-focus-key": "thread",
      on: { click: () => ui.openThread(thread.id) },
    },
    h(
      "span",
      { class: "thread-line" },
      h("strong", {}, thread.name),
      h("span", { class: "thread-count" }, `${count} ${count === 1 ? "message" : "messages"} ›`),
    ),
    lastLine(thread, ui),
  );
}

/** The last message of a thread in one line: who, what, how long ago. */
export function lastLine(thread, { store }) {
  const last = thread.last_message;
  if (!last) return h("span", { class: "thread-last" }, "There are no recent messages in this thread.");
  return h(
    "span",
    { class: "thread-last" },
    avatar(store.user(last.author.id) ?? last.author, "small"),
    h("strong", {}, store.displayName(last.author)),
    h("span", { class: "thread-text" }, plainText(last, store)),
    timeElement(new Date(last.timestamp), "R", "thread-time"),
  );
}
