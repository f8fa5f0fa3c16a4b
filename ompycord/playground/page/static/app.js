// Starts the page: puts the panes together, follows the address, and offers them what they ask of each other as `ui`.

import { api } from "./api.js";
import { BotControl } from "./bot_control.js";
import { ChannelPane } from "./channels.js";
import { typedCommands } from "./commands.js";
import { Conversation } from "./conversation.js";
import { byId } from "./dom.js";
import { Interactions } from "./interactions.js";
import { plainText } from "./plain_text.js";
import { openModal } from "./modal.js";
import { Navigation, placesInAddress } from "./navigation.js";
import { PeoplePane } from "./people.js";
import { setUpPins } from "./pins.js";
import { Reading } from "./reading.js";
import { setUpLayout } from "./layout.js";
import { Store } from "./store.js";
import { Stream } from "./stream.js";
import { openSwitcher } from "./switcher.js";
import { setUpTheme } from "./theme.js";
import { setUpThreads } from "./threads.js";
import { startTicking } from "./timestamps.js";
import { setUpTypingAnywhere } from "./typing_anywhere.js";
import { setUpWire } from "./wire.js";

const PERSON_KEY = "ompycord-playground-person";
const NOTICE_MS = 5000;

class App {
  store = new Store();
  interactions = new Interactions(this.store);
  reading = new Reading(this.store);
  /** What is written and not sent yet, by person and channel. */
  drafts = new Map();
  /** The main place, and the thread at its right. */
  main;
  side;
  #active;
  #stream = new Stream(this.store);
  #dismissed = new Set();
  #navigation;
  #noticeTimer = null;

  constructor() {
    const { store } = this;
    this.side = new Conversation(this, { host: "thread-conversation", prefix: "thread-", key: "thread", title: "thread-title" });
    this.main = new Conversation(this, { host: "conversation", prefix: "", key: "channel", title: "channel-title" });
    this.#active = this.main;
    byId("main").addEventListener("focusin", () => (this.#active = this.main));
    byId("thread-pane").addEventListener("focusin", () => (this.#active = this.side));
    new ChannelPane(this);
    new PeoplePane(this);
    new BotControl(this);
    this.#navigation = new Navigation(this, setUpLayout(this));
    setUpThreads(this);
    setUpPins(this);
    setUpWire(this);
    setUpTheme();
    setUpTypingAnywhere(() => this.active.composer.focus());
    startTicking();
    store.on("connection", (state) => this.#showConnection(state));
    store.on("reset", () => this.#show());
    store.on("channels", () => this.#leaveWhatIsGone());
    store.on("announce", (text) => this.announce(text));
    store.on("message-arrived", (message) => this.#arrived(message));
    store.on("interaction", (event) => event.kind === "modal" && event.user === store.me && openModal(event, this));
    addEventListener("focus", () => this.#places().forEach(({ place }) => this.markRead(place.channel)));
    byId("reconnect").addEventListener("click", () => this.#stream.retry());
  }

  async start() {
    this.store.me = sessionStorage.getItem(PERSON_KEY);
    Object.assign(this.store, placesInAddress());
    let state;
    try {
      const { users } = await api.state();
      this.store.me = (users.find((user) => user.id === this.store.me) ?? users[0])?.id ?? null;
      state = await api.state(this.store.me);
    } catch (error) {
      byId("start-problem").textContent = error.message;
      byId("start").hidden = false;
      return;
    }
    byId("start").hidden = true;
    byId("shell").hidden = false;
    this.store.reset(state);
    this.#stream.open();
    this.#navigation.focus(this.main);
  }

  /** The place that had the focus last. */
  get active() {
    return this.#active === this.side && this.store.thread ? this.side : this.main;
  }

  openChannel(id, target = null) {
    return this.#navigation.openChannel(id, target);
  }

  openThread(id, target = null) {
    return this.#navigation.openThread(id, target);
  }

  closeThread() {
    this.#navigation.closeThread();
  }

  openCommand(id, name) {
    const line = typedCommands(this.store).find((each) => each.name === name);
    if (line) this.active.composer.startCommand(line);
    else this.notify(`/${name} is not a command you can use here.`);
  }

  openSwitcher() {
    openSwitcher(this);
  }

  becomePerson(id) {
    this.store.me = id;
    sessionStorage.setItem(PERSON_KEY, id);
    this.#stream.retry();
    this.notify(`Switched to ${this.store.displayName(id)}`);
  }

  clickComponent(message, component, values) {
    const payload = {
      user: this.store.me,
      channel: message.channel_id,
      message: message.id,
      custom_id: component.custom_id,
      ...(values ? { values } : {}),
    };
    const item = {
      kind: "component",
      message: message.id,
      customId: component.custom_id,
      label: component.label ?? component.placeholder,
    };
    this.interactions.send(item, () => api.component(payload));
  }

  dismissMessage(message) {
    this.#dismissed.add(message.id);
    const conversation = this.#placeOf(message.channel_id);
    conversation.messages.render();
    conversation.composer.focus();
  }

  isDismissed(message) {
    return this.#dismissed.has(message.id);
  }

  /** Answers a message: its place's message box says to which. */
  reply(message) {
    this.#placeOf(message.channel_id).composer.startReply(message);
  }

  /** From this message on the channel is unread again, until it is left. */
  markUnread(message) {
    this.reading.markUnread(message);
    this.#placeOf(message.channel_id).messages.showNewFrom(message.id);
  }

  markRead(channel) {
    if (document.hasFocus() && channel) this.reading.markRead(channel);
  }

  /** The playground was ended from here: nothing is tried again. */
  end() {
    this.#stream.close();
    this.store.bot = { ...this.store.bot, online: false, pid: null };
    this.store.emit("bot");
    byId("connection-words").textContent = "The playground and its bot have ended. Start them again with ompycord up.";
    byId("reconnect").hidden = true;
    byId("connection-lost").hidden = false;
    byId("strip").inert = true;
    byId("shell").inert = true;
  }

  /** For screen readers. */
  announce(text) {
    byId("live").textContent = text;
  }

  /** A short notice that disappears by itself. */
  notify(text) {
    const notice = byId("notice");
    notice.textContent = text;
    notice.hidden = false;
    clearTimeout(this.#noticeTimer);
    this.#noticeTimer = setTimeout(() => (notice.hidden = true), NOTICE_MS);
  }

  #places() {
    return [this.main, this.side];
  }

  #placeOf(channel) {
    return this.side.place.channel === channel ? this.side : this.main;
  }

  #show() {
    this.store.emit("opened");
    for (const { messages, place } of this.#places()) messages.open({ lastRead: this.reading.lastRead(place.channel) });
  }

  #leaveWhatIsGone() {
    const { store } = this;
    if (!store.channels.has(store.channel)) this.openChannel(store.home()?.id);
    else if (store.thread && !store.channels.has(store.thread)) this.closeThread();
  }

  #arrived(message) {
    const { store } = this;
    if (message.ephemeral_for && message.ephemeral_for !== store.me) return;
    if (message.author?.id === store.me) return;
    if (store.isShown(message.channel_id))
      this.announce(`${store.displayName(message.author)}: ${plainText(message, store)}`);
  }

  #showConnection(state) {
    byId("connection-lost").hidden = state === "open";
    if (state === "lost") this.announce("The connection to the playground is lost. Trying again.");
  }
}

new App().start();
