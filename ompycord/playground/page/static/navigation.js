// Where one is: the channel in the main place, a thread at its right, the address that says so, and the focus.

import { byId } from "./dom.js";

const ADDRESS = /^#\/channels\/(\d+)(?:\/threads\/(\d+))?$/;
/** The room that a channel and a thread need side by side. */
const SPLIT_PX = 860;

/** {channel, thread} of the address, either null. */
export function placesInAddress() {
  const match = ADDRESS.exec(location.hash);
  return { channel: match?.[1] ?? null, thread: match?.[2] ?? null };
}

export class Navigation {
  #ui;
  #layout;
  #isFollowing = false;

  constructor(ui, layout) {
    this.#ui = ui;
    this.#layout = layout;
    addEventListener("hashchange", () => this.#follow());
    document.addEventListener("keydown", (event) => this.#key(event));
  }

  /** Opens a channel, or a thread in full, at one message where that is named. */
  openChannel(id, target = null) {
    const { store } = this.#ui;
    if (!store.channels.has(id)) return this.#ui.notify("That channel is not here.");
    if (id === store.thread && target) return this.#ui.side.messages.open({ target });
    const isMove = store.channel !== id;
    const lastRead = this.#ui.reading.lastRead(id);
    store.channel = id;
    if (isMove || !target) store.thread = null;
    this.#show();
    if (!target) this.focus(this.#ui.main);
    if (!isMove && !target) return null;
    return this.#ui.main.messages.open({ lastRead, target });
  }

  /** Opens a thread at the right of its channel, or in full where there is no room for both. */
  openThread(id, target = null) {
    const { store } = this.#ui;
    const thread = store.channels.get(id);
    if (!thread || thread.parent_id !== store.channel || !this.#hasRoom()) return this.openChannel(id, target);
    const lastRead = this.#ui.reading.lastRead(id);
    store.thread = id;
    this.#show();
    if (!target) this.focus(this.#ui.side);
    return this.#ui.side.messages.open({ lastRead, target });
  }

  closeThread() {
    this.#ui.store.thread = null;
    this.#show();
    this.focus(this.#ui.main);
  }

  /** The focus goes to the message box of a place, except on a phone, where that would raise the keyboard. */
  focus(conversation) {
    if (!this.#layout.isNarrow()) conversation.composer.focus();
  }

  #show() {
    const { store } = this.#ui;
    const wanted = `#/channels/${store.channel}${store.thread ? `/threads/${store.thread}` : ""}`;
    if (location.hash !== wanted && !this.#isFollowing) history.pushState(null, "", location.search + wanted);
    this.#layout.closeSidebar();
    store.emit("opened");
  }

  #hasRoom() {
    const [all, taken] = [byId("shell"), [byId("sidebar"), byId("wire")]];
    return all.clientWidth - taken.reduce((sum, part) => sum + part.offsetWidth, 0) >= SPLIT_PX;
  }

  /** Goes where the address leads, which is there already: back and forward stay as they are. */
  #follow() {
    const { channel, thread } = placesInAddress();
    const { store } = this.#ui;
    this.#isFollowing = true;
    if (channel && channel !== store.channel) this.openChannel(channel);
    if (thread && thread !== store.thread) this.openThread(thread);
    if (!thread && store.thread) this.closeThread();
    this.#isFollowing = false;
  }

  /** Alt with an arrow goes to the channel or thread above or below, with Shift to the next one that is unread. */
  #key(event) {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!step || !event.altKey || event.ctrlKey || event.metaKey || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    const all = [...byId("channel-list").querySelectorAll("[data-channel-id]")];
    const ids = all.filter((link) => !event.shiftKey || isHereOrUnread(link)).map((link) => link.dataset.channelId);
    const at = ids.indexOf(this.#ui.store.channel);
    if (ids.length > 1) this.openChannel(ids[(at + step + ids.length) % ids.length]);
  }
}

const isHereOrUnread = (link) => link.matches('.is-unread, [aria-current="page"]');
