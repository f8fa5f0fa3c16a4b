// What one does with a message that is there: delete, pin, mark unread, open a thread from it; and who may.

import { api } from "./api.js";
import { permissionsOf } from "./commands.js";
import { openConfirm } from "./confirm.js";
import { h } from "./dom.js";
import { plainText } from "./plain_text.js";

const MANAGE_MESSAGES = 1n << 13n;
const CREATE_PUBLIC_THREADS = 1n << 35n;
const PIN_MESSAGES = 1n << 51n;
const UNDELETABLE = new Set([1, 2, 3, 4, 5, 21]);
const REPLIABLE = new Set([0, 19, 20, 23]);
const MOST_NAME = 100;

const may = (store, needed) => (permissionsOf(store.user(store.me), store) & needed) === needed;
const isOwn = (message, store) => message.author?.id === store.me;
const isNotice = (message) => !REPLIABLE.has(message.type ?? 0);
const place = (message, { store }) => ({ user: store.me, channel: message.channel_id, message: message.id });

export const mayReply = (message) => !message.ephemeral_for && !isNotice(message);

export const mayDelete = (message, store) =>
  !message.ephemeral_for && !UNDELETABLE.has(message.type) && (isOwn(message, store) || may(store, MANAGE_MESSAGES));

export const mayPin = (message, store) =>
  mayReply(message) && (store.signOf(message.channel_id) === "@" || may(store, PIN_MESSAGES));

export const mayOpenThread = (message, store) =>
  mayReply(message) &&
  store.signOf(message.channel_id) === "#" &&
  !store.isThread(message.id) &&
  may(store, CREATE_PUBLIC_THREADS);

export async function pinMessage(message, ui) {
  const act = message.pinned ? api.unpinMessage : api.pinMessage;
  await told(ui, () => act(place(message, ui)));
}

/** Asks first, as Discord does. */
export function deleteMessage(message, ui) {
  const text = h("p", { class: "quoted" }, plainText(message, ui.store));
  const words = "Are you sure you want to delete this message?";
  openConfirm({ title: "Delete message", words, content: text, label: "Delete" }, () =>
    told(ui, () => api.deleteMessage(place(message, ui))),
  );
}

/** Asks for a name and opens the thread at the right. */
export function openThreadFrom(message, ui) {
  const input = h("input", {
    type: "text",
    class: "text-input",
    "aria-label": "Thread name",
    maxlength: MOST_NAME,
    value: plainText(message, ui.store).split("\n")[0].slice(0, MOST_NAME),
    autocomplete: "off",
    "data-testid": "thread-name",
  });
  const asked = { title: "Create thread", words: "Thread name", content: input, label: "Create thread", isSafe: true };
  openConfirm(asked, () =>
    told(ui, async () => {
      const { id } = await api.openThread({ ...place(message, ui), name: input.value.trim() });
      if (ui.store.channels.has(id)) ui.openThread(id);
      else ui.store.once("channels", () => ui.openThread(id));
    }),
  );
}

async function told(ui, act) {
  try {
    await act();
  } catch (error) {
    ui.notify(error.message);
  }
}
