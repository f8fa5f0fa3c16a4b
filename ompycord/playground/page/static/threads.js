// Threads: the bar of the one at the right, joining and leaving, and the list of a channel's threads.

import { api } from "./api.js";
import { byId, h } from "./dom.js";
import { icon } from "./icons.js";
import { openPopover } from "./popover.js";
import { lastLine } from "./thread_chip.js";

export function setUpThreads(ui) {
  const { store } = ui;
  const pane = byId("thread-pane");
  const show = () => {
    const thread = store.channels.get(store.thread);
    pane.hidden = !thread;
    byId("shell").classList.toggle("has-thread", Boolean(thread));
    if (thread) byId("thread-title").replaceChildren(...title(thread));
    drawJoin(ui);
  };
  for (const topic of ["opened", "channels", "reset"]) store.on(topic, show);
  byId("thread-full").append(icon("expand"));
  byId("thread-close").append(icon("close"));
  byId("threads-button").append(icon("thread"));
  byId("thread-full").addEventListener("click", () => ui.openChannel(store.thread));
  byId("thread-close").addEventListener("click", () => ui.closeThread());
  byId("thread-join").addEventListener("click", () => join(ui));
  byId("threads-button").addEventListener("click", () => openList(ui));
  pane.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented) ui.closeThread();
  });
}

function title(thread) {
  return [
    h("span", { class: "channel-mark", "aria-hidden": "true" }, icon("thread")),
    h("span", { class: "channel-title" }, thread.name),
  ];
}

/** A thread in full can be joined or left; so it comes into one's list of channels, or goes out of it. */
function drawJoin({ store }) {
  const button = byId("thread-join");
  const thread = store.channels.get(store.channel);
  button.hidden = !store.isThread(store.channel);
  if (button.hidden) return;
  button.textContent = store.hasJoined(thread) ? "Leave" : "Join";
  button.setAttribute("aria-label", `${button.textContent} thread`);
}

async function join(ui) {
  const { store } = ui;
  const thread = store.channels.get(store.channel);
  try {
    await (store.hasJoined(thread) ? api.leaveThread : api.joinThread)({ user: store.me, thread: thread.id });
  } catch (error) {
    ui.notify(error.message);
  }
}

function openList(ui) {
  const { store } = ui;
  const shown = store.channels.get(store.channel);
  const parent = store.isThread(store.channel) ? shown.parent_id : store.channel;
  const threads = store.threadsOf(parent);
  const active = threads.filter((thread) => !thread.thread_metadata?.archived);
  const older = threads.filter((thread) => thread.thread_metadata?.archived);
  let close = null;
  const group = (name, list) =>
    list.length
      ? [
          h("h3", { class: "menu-heading" }, `${name} — ${list.length}`),
          h("ul", { class: "pins-list" }, list.map((thread) => row(thread, () => close("replaced"), ui))),
        ]
      : [];
  const panel = h(
    "div",
    { class: "pins", role: "dialog", "aria-label": "Threads", "data-testid": "threads", tabindex: "-1" },
    h("h2", {}, "Threads"),
    group("Active threads", active),
    group("Archived threads", older),
    threads.length ? null : h("p", { class: "list-note" }, "No threads."),
  );
  close = openPopover(panel, byId("threads-button"));
  (panel.querySelector("button") ?? panel).focus();
}

function row(thread, close, ui) {
  const open = () => {
    close();
    ui.openThread(thread.id);
  };
  return h(
    "li",
    {},
    h(
      "button",
      { type: "button", class: "pin-row", "data-testid": "thread-row", "data-channel-id": thread.id, on: { click: open } },
      h("span", { class: "message-author" }, thread.name),
      lastLine(thread, ui),
    ),
  );
}
