// What the page knows: one object, changed by dispatches and by the person, watched by the panes.

/** Orders ids of Discord's kind: longer is later, then by digits. */
export function compareIds(a, b) {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}

const DIRECT = 1;
/** Text, voice, announcements, stages and forums; categories are not drawn. */
const LISTED = new Set([0, 2, 5, 13, 15]);
export const THREAD_TYPES = new Set([10, 11, 12]);
const PEOPLE_FALLBACK = { username: "unknown", global_name: "Unknown", roles: [] };

export class Store {
  users = [];
  guild = { id: "0", name: "" };
  roles = [];
  channels = new Map();
  commands = [];
  bot = { user: null, application_id: null, online: false, pid: null, presence: null };
  seq = 0;
  me = null;
  channel = null;
  /** The thread at the right of the channel, or null. */
  thread = null;
  connection = "connecting";
  /** channel id -> {list, complete}: messages oldest first, `complete` when the first one is loaded. */
  messages = new Map();
  #listeners = new Map();
  #ephemeral = new Set();

  on(topic, listener) {
    if (!this.#listeners.has(topic)) this.#listeners.set(topic, new Set());
    this.#listeners.get(topic).add(listener);
  }

  /** Calls once, at the next event of the topic. */
  once(topic, listener) {
    const first = (detail) => {
      this.#listeners.get(topic).delete(first);
      listener(detail);
    };
    this.on(topic, first);
  }

  emit(topic, detail) {
    for (const listener of [...(this.#listeners.get(topic) ?? [])]) listener(detail);
  }

  /** Takes a whole state from the server; loaded messages are forgotten, since they may have gaps now. */
  reset(state) {
    this.users = state.users;
    this.guild = state.guild;
    this.roles = state.roles;
    this.channels = new Map();
    this.commands = state.commands;
    this.bot = state.bot;
    for (const channel of state.channels) this.setChannel(channel);
    this.seq = state.seq;
    this.messages = new Map();
    if (!this.users.some((user) => user.id === this.me)) this.me = this.users[0]?.id ?? null;
    if (!this.channels.has(this.channel)) this.channel = this.home()?.id ?? null;
    if (this.channels.get(this.thread)?.parent_id !== this.channel) this.thread = null;
    this.emit("reset");
  }

  /** Where the page opens: where work is given, else at the top. */
  home() {
    const all = this.textChannels();
    return all.find((channel) => channel.name === "tasks") ?? all[0];
  }

  /** Whether the channel stands on the page, in either place. */
  isShown(id) {
    return id === this.channel || id === this.thread;
  }

  user(id) {
    if (this.bot.user && id === this.bot.user.id) return { ...this.bot.user, bot: true };
    return this.users.find((user) => user.id === id) ?? null;
  }

  /** The name people see, for a user object or id. */
  displayName(user) {
    const known = (typeof user === "string" ? this.user(user) : (this.user(user?.id) ?? user)) ?? PEOPLE_FALLBACK;
    return known.global_name || known.username;
  }

  role(id) {
    return this.roles.find((role) => role.id === id) ?? null;
  }

  /** Keeps a channel; a direct one, which has no name of its own, is called after the other end. */
  setChannel(channel) {
    const name = channel.type === DIRECT ? this.displayName(this.bot.user) : channel.name;
    this.channels.set(channel.id, { ...channel, name });
  }

  /** What precedes a channel's name: "@" for a direct one, nothing for a thread. */
  signOf(id) {
    if (this.isThread(id)) return "";
    return this.channels.get(id)?.type === DIRECT ? "@" : "#";
  }

  /** The direct channels of the acting person with the bot. */
  directChannels() {
    return [...this.channels.values()].filter(
      (channel) => channel.type === DIRECT && (channel.recipients ?? []).some((user) => user.id === this.me),
    );
  }

  textChannels() {
    return [...this.channels.values()]
      .filter((channel) => LISTED.has(channel.type))
      .sort((a, b) => (a.position ?? 0) - (b.position ?? 0) || compareIds(a.id, b.id));
  }

  threadsOf(parentId) {
    return [...this.channels.values()]
      .filter((channel) => THREAD_TYPES.has(channel.type) && channel.parent_id === parentId)
      .sort((a, b) => compareIds(b.id, a.id));
  }

  /** Threads of a channel that the acting person is in and that are not archived, as a list of channels has them. */
  joinedThreads(parentId) {
    return this.threadsOf(parentId).filter(
      (thread) => this.isShown(thread.id) || (this.hasJoined(thread) && !thread.thread_metadata?.archived),
    );
  }

  hasJoined(thread) {
    return (thread.member_ids ?? []).includes(this.me);
  }

  isThread(id) {
    return THREAD_TYPES.has(this.channels.get(id)?.type);
  }

  /** What the acting person may see of a channel, oldest first. */
  visibleMessages(channelId) {
    const list = this.messages.get(channelId)?.list ?? [];
    return list.filter((message) => !message.ephemeral_for || message.ephemeral_for === this.me);
  }

  message(channelId, messageId) {
    return this.messages.get(channelId)?.list.find((message) => message.id === messageId) ?? null;
  }

  /** Of what only the person sees, a page that is loaded keeps what came to it, as in Discord nothing of it is loaded. */
  setMessages(channelId, list, complete) {
    const kept = list.filter((message) => !message.ephemeral_for || this.#ephemeral.has(message.id));
    this.messages.set(channelId, { list: kept.sort((a, b) => compareIds(a.id, b.id)), complete });
    this.emit("messages", { channel: channelId, kind: "loaded" });
  }

  addEarlier(channelId, earlier, complete) {
    const held = this.messages.get(channelId)?.list ?? [];
    const known = new Set(held.map((message) => message.id));
    this.setMessages(channelId, [...earlier.filter((message) => !known.has(message.id)), ...held], complete);
  }

  /** Adds or replaces one message; an update keeps the reactions, which have events of their own. */
  putMessage(message) {
    if (message.ephemeral_for) this.#ephemeral.add(message.id);
    const held = this.messages.get(message.channel_id);
    if (!held) return;
    const index = held.list.findIndex((each) => each.id === message.id);
    if (index >= 0) {
      const old = held.list[index];
      held.list[index] = { ...old, ...message, reactions: old.reactions ?? message.reactions };
    } else {
      held.list.push(message);
      held.list.sort((a, b) => compareIds(a.id, b.id));
    }
    this.emit("messages", { channel: message.channel_id, kind: index >= 0 ? "updated" : "created", message });
  }

  removeMessage(channelId, messageId) {
    const held = this.messages.get(channelId);
    if (!held) return;
    const isReply = (message) => message.referenced_message?.id === messageId;
    held.list = held.list
      .filter((message) => message.id !== messageId)
      .map((message) => (isReply(message) ? { ...message, referenced_message: null } : message));
    this.emit("messages", { channel: channelId, kind: "removed" });
  }

  changeMessage(channelId, messageId, change) {
    const held = this.messages.get(channelId);
    if (!held) return;
    held.list = held.list.map((message) => (message.id === messageId ? change(message) : message));
    this.emit("messages", { channel: channelId, kind: "updated" });
  }
}
