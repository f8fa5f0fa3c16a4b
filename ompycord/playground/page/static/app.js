// Starts the page: puts the panes together, follows the address, and offers them what they ask of each other as `ui`.

import { api } from "./api.js";
import { ChannelPane } from "./channels.js";
import { typedCommands } from "./commands.js";
import { Composer } from "./composer.js";
import { byId } from "./dom.js";
import { Interactions } from "./interactions.js";
import { plainText } from "./message.js";
import { MessagePane } from "./messages.js";
import { openModal } from "./modal.js";
import { PeoplePane } from "./people.js";
import { setUpPins } from "./pins.js";
import { Reading } from "./reading.js";
import { setUpLayout } from "./layout.js";
import { Store } from "./store.js";
import { Stream } from "./stream.js";
import { openSwitcher } from "./switcher.js";
import { setUpTheme } from "./theme.js";
import { startTicking } from "./timestamps.js";
import { setUpWire } from "./wire.js";

const PERSON_KEY = "ompycord-playground-person";
const NOTICE_MS = 5000;

class App {
  store = new Store();
  interactions = new Interactions(this.store);
  reading = new Reading(this.store);
  #stream = new Stream(this.store);
  #dismissed = new Set();
  #panes;
  #layout;
  #noticeTimer = null;

  constructor() {
    this.#panes = {
      channels: new ChannelPane(this),
      messages: new MessagePane(this),
      people: new PeoplePane(this),
      composer: new Composer(this),
    };
    this.#layout = setUpLayout(this);
    setUpPins(this);
    setUpWire(this);
    setUpTheme();
    startTicking();
    const { store } = this;
    store.on("connection", (state) => this.#showConnection(state));
    store.on("reset", () => this.#show());
    store.on("channels", () => store.channels.has(store.channel) || this.openChannel(store.textChannels()[0]?.id));
    store.on("announce", (text) => this.announce(text));
    store.on("message-arrived", (message) => this.#arrived(message));
    store.on("interaction", (event) => event.kind === "modal" && event.user === store.me && openModal(event, this));
    addEventListener("hashchange", () => this.#followAddress());
    addEventListener("focus", () => this.markRead());
    byId("reconnect").addEventListener("click", () => this.#stream.retry());
  }

  async start() {
    this.store.me = sessionStorage.getItem(PERSON_KEY);
    this.store.channel = channelInAddress();
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
    this.#panes.composer.focus();
  }

  /** Opens a channel or thread, at one message where that is named. */
  openChannel(id, target = null) {
    const { store } = this;
    if (!store.channels.has(id)) return this.notify("That channel is not here.");
    const isMove = store.channel !== id;
    const lastRead = this.reading.lastRead(id);
    store.channel = id;
    if (channelInAddress() !== id) history.pushState(null, "", `${location.search}#/channels/${id}`);
    this.#layout.closeSidebar();
    store.emit("opened");
    if (!isMove && !target) return null;
    return this.#panes.messages.open({ lastRead, target });
  }

  openCommand(id, name) {
    const line = typedCommands(this.store).find((each) => each.name === name);
    if (line) this.#panes.composer.startCommand(line);
    else this.notify(`/${name} is not a command you can use here.`);
  }

  openSwitcher() {
    openSwitcher(this);
  }

  becomePerson(id) {
    this.store.me = id;
    sessionStorage.setItem(PERSON_KEY, id);
    this.#stream.retry();
    this.notify(`Switched to ${this.store.displayName(id)}.`);
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
    this.#panes.messages.render();
    this.#panes.composer.focus();
  }

  isDismissed(message) {
    return this.#dismissed.has(message.id);
  }

  toPresent() {
    this.#panes.messages.toPresent();
  }

  markRead() {
    if (document.hasFocus() && this.store.channel) this.reading.markRead(this.store.channel);
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

  #show() {
    const { store } = this;
    store.emit("opened");
    this.#panes.messages.open({ lastRead: this.reading.lastRead(store.channel) });
  }

  #followAddress() {
    const id = channelInAddress();
    if (id && id !== this.store.channel) this.openChannel(id);
  }

  #arrived(message) {
    const { store } = this;
    if (message.ephemeral_for && message.ephemeral_for !== store.me) return;
    if (message.author?.id === store.me) return;
    if (message.channel_id === store.channel)
      this.announce(`${store.displayName(message.author)}: ${plainText(message)}`);
  }

  #showConnection(state) {
    byId("connection-lost").hidden = state === "open";
    if (state === "lost") this.announce("The connection to the playground is lost. Trying again.");
  }
}

function channelInAddress() {
  return /^#\/channels\/(\d+)$/.exec(location.hash)?.[1] ?? null;
}

new App().start();
