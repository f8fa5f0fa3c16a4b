// Words the notices Discord itself writes into a channel: pins, new threads, arrivals.

import { h } from "./dom.js";

const PIN = 6;
const JOIN = 7;
const THREAD_CREATED = 18;
const THREAD_STARTER = 21;

/** {mark, nodes} for a notice, null for an ordinary message. */
export function systemText(message, ui) {
  const who = h("strong", {}, ui.store.displayName(message.author));
  switch (message.type) {
    case PIN:
      return { mark: "pin", nodes: [who, " pinned ", pinnedLink(message, ui), " to this channel."] };
    case JOIN:
      return { mark: "arrive", nodes: [who, " joined the server."] };
    case THREAD_CREATED:
      return { mark: "thread", nodes: [who, " started a thread: ", threadLink(message, ui), "."] };
    case THREAD_STARTER:
      return {
        mark: "thread",
        nodes: [
          h("strong", {}, ui.store.displayName(message.referenced_message?.author)),
          " started this thread",
        ],
      };
    default:
      return null;
  }
}

function pinnedLink(message, ui) {
  const target = message.message_reference?.message_id;
  if (!target) return "a message";
  return h(
    "button",
    { type: "button", class: "link-button", on: { click: () => ui.openChannel(message.channel_id, target) } },
    "a message",
  );
}

function threadLink(message, ui) {
  const target = message.message_reference?.channel_id ?? message.thread?.id;
  const name = ui.store.channels.get(target)?.name ?? message.content;
  if (!ui.store.channels.has(target)) return h("strong", {}, name);
  return h("button", { type: "button", class: "link-button", on: { click: () => ui.openThread(target) } }, name);
}
