// Remembers, for each of the three people, what is read and who was pinged, as long as the tab lives.

import { compareIds } from "./store.js";

const KEY = "ompycord-playground-reading";

export class Reading {
  #store;
  #lastRead = {};
  #pings = {};
  /** The channel that was marked as unread, which counts as read again only when it is opened again. */
  #held = null;

  constructor(store) {
    this.#store = store;
    try {
      const kept = JSON.parse(sessionStorage.getItem(KEY) ?? "{}");
      this.#lastRead = kept.lastRead ?? {};
      this.#pings = kept.pings ?? {};
    } catch {
      sessionStorage.removeItem(KEY);
    }
    store.on("reset", () => this.#baseline());
    store.on("message-arrived", (message) => message.author?.id && this.#arrived(message));
    store.on("opened", () => store.isShown(this.#held) || (this.#held = null));
    store.on("ping", ({ channel, users }) => this.#pinged(channel, users ?? []));
  }

  /** What was there before the page opened counts as read. */
  #baseline() {
    for (const user of this.#store.users) {
      this.#lastRead[user.id] ??= {};
      this.#pings[user.id] ??= {};
      if (Object.keys(this.#lastRead[user.id]).length) continue;
      for (const channel of this.#store.channels.values())
        this.#lastRead[user.id][channel.id] = channel.last_message_id ?? "0";
    }
    this.#save();
  }

  #arrived(message) {
    if (message.author.id in this.#lastRead) this.#lastRead[message.author.id][message.channel_id] = message.id;
    this.#save();
  }

  #pinged(channel, users) {
    for (const user of users) {
      if (!this.#pings[user]) continue;
      if (user === this.#store.me && this.#store.isShown(channel) && document.hasFocus()) continue;
      this.#pings[user][channel] = (this.#pings[user][channel] ?? 0) + 1;
    }
    this.#save();
  }

  lastRead(channel) {
    return this.#lastRead[this.#store.me]?.[channel] ?? "0";
  }

  isUnread(channel) {
    const newest = channel.last_message_id;
    return Boolean(newest) && compareIds(newest, this.lastRead(channel.id)) > 0;
  }

  pings(channel, user = this.#store.me) {
    return this.#pings[user]?.[channel] ?? 0;
  }

  /** All pings of one person, for the badge on the switcher. */
  allPings(user) {
    return Object.values(this.#pings[user] ?? {}).reduce((sum, count) => sum + count, 0);
  }

  markUnread({ channel_id: channel, id }) {
    const mine = this.#lastRead[this.#store.me];
    if (!mine) return;
    mine[channel] = String(BigInt(id) - 1n);
    this.#held = channel;
    this.#save();
  }

  markRead(channel) {
    if (channel === this.#held) return;
    const newest = this.#store.channels.get(channel)?.last_message_id;
    const mine = this.#lastRead[this.#store.me];
    if (!mine) return;
    const isNews = newest && compareIds(newest, mine[channel] ?? "0") > 0;
    if (!isNews && !this.pings(channel)) return;
    if (newest) mine[channel] = newest;
    delete this.#pings[this.#store.me][channel];
    this.#save();
  }

  #save() {
    sessionStorage.setItem(KEY, JSON.stringify({ lastRead: this.#lastRead, pings: this.#pings }));
    this.#store.emit("reading");
  }
}
