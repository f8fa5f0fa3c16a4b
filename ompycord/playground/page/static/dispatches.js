// Applies what the event stream says to the store: one entry per event type, unknown types change nothing.

import { compareIds } from "./store.js";

function putChannel(store, channel) {
  store.setChannel({ ...store.channels.get(channel.id), ...channel });
  store.emit("channels");
}

function removeChannel(store, channel) {
  store.channels.delete(channel.id);
  store.messages.delete(channel.id);
  for (const thread of store.threadsOf(channel.id)) store.channels.delete(thread.id);
  store.emit("channels");
}

/** One key for an emoji, whether the server sends its name or an object. */
export function emojiKey(emoji) {
  if (!emoji || typeof emoji === "string") return emoji ?? "";
  return emoji.id ? `${emoji.name}:${emoji.id}` : emoji.name;
}

/** One person's reaction; `count` is the server's sum where it sends one. */
function changeReaction(store, data, step) {
  if (data.all) {
    clearReactions(store, data);
    return;
  }
  const key = emojiKey(data.emoji);
  store.changeMessage(data.channel_id, data.message_id, (message) => {
    const reactions = [...(message.reactions ?? [])];
    const at = reactions.findIndex((reaction) => emojiKey(reaction.emoji) === key);
    const emoji = typeof data.emoji === "string" ? { id: null, name: data.emoji } : data.emoji;
    const old = at >= 0 ? reactions[at] : { emoji, count: 0, me: false };
    const count = data.count ?? old.count + step;
    const changed = { ...old, count, me: data.user_id === store.me ? step > 0 : old.me };
    if (at >= 0) reactions.splice(at, 1, changed);
    else reactions.push(changed);
    return { ...message, reactions: reactions.filter((reaction) => reaction.count > 0) };
  });
}

/** A moderator took away all reactions, or all of one emoji. */
function clearReactions(store, { channel_id: channel, message_id: id, emoji }) {
  const isKept = (reaction) => emoji && emojiKey(reaction.emoji) !== emojiKey(emoji);
  store.changeMessage(channel, id, (message) => ({ ...message, reactions: (message.reactions ?? []).filter(isKept) }));
}

function created(store, { channel_id: id, ...rest }) {
  const message = { channel_id: id, ...rest };
  const channel = store.channels.get(id);
  const newest = channel?.last_message_id;
  if (channel && (!newest || compareIds(newest, message.id) < 0)) {
    store.channels.set(id, { ...channel, last_message_id: message.id });
  }
  if (isCounted(store, message)) changeThread(store, id, 1, message);
  store.putMessage(message);
  store.emit("message-arrived", message);
}

function updated(store, message) {
  if (store.channels.get(message.channel_id)?.last_message?.id === message.id)
    changeThread(store, message.channel_id, 0, message);
  store.putMessage(message);
}

function deleted(store, { channel_id: id, id: messageId }) {
  const last = store.channels.get(id)?.last_message;
  store.removeMessage(id, messageId);
  if (!store.isThread(id)) return;
  const held = store.messages.get(id)?.list.findLast((message) => isCounted(store, message));
  changeThread(store, id, -1, last?.id === messageId ? (held ?? null) : last);
}

const COUNTED = [0, 19, 20, 23];

/** Whether a message counts as one of its thread's (Discord, "Channel object", message_count). */
function isCounted(store, message) {
  return store.isThread(message.channel_id) && !message.ephemeral_for && COUNTED.includes(message.type ?? 0);
}

/** Keeps what the channel shows of a thread: how many messages it has, and the last one. */
function changeThread(store, id, step, last) {
  const thread = store.channels.get(id);
  const count = Math.max(0, (thread.message_count ?? 0) + step);
  store.channels.set(id, { ...thread, message_count: count, last_message: last });
  store.emit("channels");
}

const HANDLERS = {
  MESSAGE_CREATE: created,
  MESSAGE_UPDATE: updated,
  MESSAGE_DELETE: deleted,
  CHANNEL_CREATE: putChannel,
  CHANNEL_UPDATE: putChannel,
  CHANNEL_DELETE: removeChannel,
  THREAD_CREATE: putChannel,
  THREAD_UPDATE: putChannel,
  THREAD_MEMBERS_UPDATE: putChannel,
  THREAD_DELETE: removeChannel,
  REACTION_ADD: (store, data) => changeReaction(store, data, 1),
  REACTION_REMOVE: (store, data) => changeReaction(store, data, -1),
  COMMANDS_UPDATE: (store, data) => {
    store.commands = data.commands;
    store.emit("commands");
  },
  BOT_STATUS: (store, data) => {
    store.bot = { ...store.bot, online: data.online, pid: data.pid ?? null, presence: data.presence ?? null };
    store.emit("bot");
  },
  TYPING_START: (store, data) =>
    store.emit("typing", { channel: data.channel_id, user: data.user_id }),
  PING: (store, data) => store.emit("ping", data),
  INTERACTION_MODAL: (store, data) => store.emit("interaction", { ...data, kind: "modal" }),
  INTERACTION_PENDING: (store, data) => store.emit("interaction", { ...data, kind: "pending" }),
  INTERACTION_DONE: (store, data) => store.emit("interaction", { ...data, kind: "done" }),
  INTERACTION_FAILED: (store, data) => store.emit("interaction", { ...data, kind: "failed" }),
};

export function apply(store, { seq, type, data }) {
  if (typeof seq === "number") store.seq = Math.max(store.seq, seq);
  HANDLERS[type]?.(store, data);
}
