// The list of messages of the open channel: loading, grouping, dividers, scrolling, keyboard movement.

import { api } from "./api.js";
import { byId, h, reconcile } from "./dom.js";
import { icon } from "./icons.js";
import { interactionLine } from "./interaction_line.js";
import { renderMessage } from "./message.js";
import { compareIds } from "./store.js";
import { TypingLine } from "./typing_line.js";
import { welcome } from "./welcome.js";
import { threadOf } from "./thread_chip.js";
import { dayName, isSameDay } from "./timestamps.js";

const GROUP_MS = 7 * 60 * 1000;
const NEAR_BOTTOM_PX = 120;
const PAGE = 50;

export class MessagePane {
  #ui;
  #store;
  #place;
  #list;
  #scroller;
  #present;
  #typing;
  #dividerAfter = null;
  #hasDivider = false;
  #isDrawn = false;
  #isMarked = false;
  #sticks = true;
  #loading = null;
  #view = null;

  constructor(ui, place) {
    this.#ui = ui;
    this.#store = ui.store;
    this.#place = place;
    this.#list = place.part("message-list");
    this.#scroller = place.part("messages");
    this.#present = place.part("jump-present");
    this.#typing = new TypingLine(ui.store, place);
    for (const topic of ["interactions", "channels", "commands"]) this.#store.on(topic, () => this.render());
    this.#store.on("opened", () => this.#place.channel || this.#clear());
    this.#store.on("messages", ({ channel, kind }) => channel === this.#place.channel && this.render(kind));
    this.#scroller.addEventListener("scroll", () => this.#scrolled());
    this.#list.addEventListener("keydown", (event) => this.#moveFocus(event));
    this.#present.addEventListener("click", () => this.toPresent());
    // A picture that is loaded late makes the list longer: who reads its end stays there.
    const sizes = new ResizeObserver(() => this.#sticks && this.toPresent());
    for (const node of [this.#list, this.#scroller]) sizes.observe(node);
  }

  #clear() {
    this.#view = null;
    this.#list.reconciled?.clear();
    this.#list.replaceChildren();
  }

  /** Draws the line above this message, which was marked as unread. */
  showNewFrom(id) {
    this.#dividerAfter = String(BigInt(id) - 1n);
    this.#hasDivider = true;
    this.#isMarked = true;
    this.render();
  }

  /** Shows the place's channel; `lastRead` places the line above what is new, `target` is a message to scroll to. */
  async open({ lastRead = null, target = null } = {}) {
    const channel = this.#place.channel;
    if (!channel) return;
    this.#dividerAfter = lastRead;
    this.#isDrawn = false;
    this.#isMarked = false;
    this.#typing.clear();
    const view = `${this.#store.me}/${channel}`;
    const isSameView = view === this.#view;
    const stays = isSameView && !this.isAtBottom;
    this.#view = view;
    if (!this.#store.messages.has(channel)) {
      if (!isSameView) this.#note("Loading messages…");
      if (!(await this.#load(channel))) return;
    }
    if (view !== this.#view) return;
    this.render();
    if (target) await this.#showTarget(target);
    else if (!stays) this.toPresent();
  }

  #note(...content) {
    this.#list.reconciled?.clear();
    this.#list.replaceChildren(h("li", { class: "list-note" }, content));
  }

  /** Loads the newest page; false when that failed, which the list then says. */
  async #load(channel) {
    const { me } = this.#store;
    try {
      const list = await api.messages(channel, me);
      if (me !== this.#store.me) return false;
      this.#store.setMessages(channel, list, list.length < PAGE);
      return true;
    } catch (error) {
      if (channel === this.#place.channel) {
        const again = h(
          "button",
          { type: "button", class: "button button-secondary", on: { click: () => this.open() } },
          "Try again",
        );
        this.#note(h("p", {}, error.message), again);
      }
      return false;
    }
  }

  async #loadEarlier() {
    const channel = this.#place.channel;
    const held = this.#store.messages.get(channel);
    if (!held || held.complete || this.#loading || !held.list.length) return false;
    this.#loading = channel;
    const fromBottom = this.#scroller.scrollHeight - this.#scroller.scrollTop;
    try {
      const earlier = await api.messages(channel, this.#store.me, held.list[0].id);
      this.#store.addEarlier(channel, earlier, earlier.length < PAGE);
      this.#scroller.scrollTop = this.#scroller.scrollHeight - fromBottom;
      return earlier.length > 0;
    } catch (error) {
      this.#ui.notify(error.message);
      return false;
    } finally {
      this.#loading = null;
    }
  }

  async #showTarget(id) {
    while (!byId(`message-${id}`) && (await this.#loadEarlier()));
    const item = byId(`message-${id}`);
    if (!item) {
      this.#ui.notify("That message is gone.");
      this.toPresent();
      return;
    }
    item.scrollIntoView({ block: "center" });
    item.focus({ preventScroll: true });
    item.classList.add("is-target");
    setTimeout(() => item.classList.remove("is-target"), 2500);
  }

  toPresent() {
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
    this.#noticePlace();
  }

  get isAtBottom() {
    return this.#scroller.scrollHeight - this.#scroller.scrollTop - this.#scroller.clientHeight < NEAR_BOTTOM_PX;
  }

  render(kind = null) {
    const channel = this.#place.channel;
    const held = this.#store.messages.get(channel);
    if (!held) return;
    const wasAtBottom = this.isAtBottom;
    this.#keepUp(channel, wasAtBottom);
    reconcile(this.#list, this.#items(channel, held.complete));
    this.#isDrawn = true;
    this.#keepOneTabStop();
    if (wasAtBottom && kind !== "loaded") this.toPresent();
    else this.#noticePlace();
  }

  /** What arrives before the eyes of who reads the end is not new to them: no line is drawn above it. */
  #keepUp(channel, isAtEnd) {
    if (!this.#isDrawn || !isAtEnd || this.#hasDivider || !document.hasFocus()) return;
    this.#dividerAfter = this.#store.visibleMessages(channel).at(-1)?.id ?? this.#dividerAfter;
  }

  #items(channel, isComplete) {
    const items = [isComplete ? this.#beginning(channel) : this.#earlierButton()];
    let previous = null;
    let hasDivider = false;
    for (const message of this.#store.visibleMessages(channel)) {
      if (this.#ui.isDismissed(message)) continue;
      const startsDay = !previous || !isSameDay(previous.timestamp, message.timestamp);
      const isFirstNew =
        !hasDivider &&
        this.#dividerAfter &&
        compareIds(message.id, this.#dividerAfter) > 0 &&
        !message.ephemeral_for &&
        (this.#isMarked || message.author.id !== this.#store.me);
      if (startsDay)
        items.push({ key: `day-${message.id}`, sign: [], build: () => divider(dayName(message.timestamp), "day") });
      if (isFirstNew) items.push({ key: "new", sign: [message.id], build: () => divider("New", "new") });
      hasDivider ||= Boolean(isFirstNew);
      const isGrouped = !startsDay && !isFirstNew && continues(previous, message);
      const activity = this.#ui.interactions.ofMessage(message.id);
      items.push({
        key: message.id,
        sign: [
          message,
          isGrouped,
          activity.busy,
          activity.failure,
          threadOf(message, this.#store),
        ],
        build: () => this.#draw(message, { isGrouped, activity }),
      });
      previous = message;
    }
    this.#hasDivider = hasDivider;
    for (const line of this.#ui.interactions.lines(channel)) {
      items.push({ key: `line-${line.key}`, sign: [line.status], build: () => interactionLine(line, this.#ui) });
    }
    return items;
  }

  /** One message that cannot be drawn must not take the others with it. */
  #draw(message, shape) {
    try {
      return renderMessage(message, shape, this.#ui);
    } catch (error) {
      console.error(`message ${message.id}`, error);
      const text = "This message has a shape that the playground does not know.";
      return h("li", { class: "message", "data-message-id": message.id, "data-testid": "message" }, text);
    }
  }

  #beginning(id) {
    const name = this.#store.channels.get(id)?.name;
    const sign = this.#store.signOf(id);
    const title = sign === "#" ? `Welcome to #${name}` : name;
    const text = sign ? `This is the start of ${sign}${name}.` : "This is the start of the thread.";
    const mark = h("span", { class: "beginning-mark", "aria-hidden": "true" }, sign || icon("thread"));
    const isEmpty = id === this.#store.home()?.id && !this.#store.messages.get(id).list.length;
    const first = isEmpty ? () => welcome(this.#ui) : () => null;
    const build = () => h("li", { class: "beginning" }, mark, h("h2", {}, title), h("p", {}, text), first());
    return { key: "beginning", sign: [name, isEmpty, this.#store.commands, this.#store.me], build };
  }

  #earlierButton() {
    const build = () =>
      h(
        "li",
        { class: "list-note" },
        h(
          "button",
          { type: "button", class: "button button-secondary", on: { click: () => this.#loadEarlier() } },
          "Load earlier messages",
        ),
      );
    return { key: "earlier", sign: [], build };
  }

  #keepOneTabStop() {
    const items = [...this.#list.querySelectorAll(".message[data-message-id]")];
    const held = items.find((item) => item.tabIndex === 0);
    const stop = held ?? items.at(-1);
    for (const item of items) item.tabIndex = item === stop ? 0 : -1;
  }

  #moveFocus(event) {
    if (!event.target.matches(".message[data-message-id]")) return;
    const items = [...this.#list.querySelectorAll(".message[data-message-id]")];
    const at = items.indexOf(event.target);
    const to = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: items.length - 1 }[event.key];
    if (to === undefined || !items[to]) return;
    event.preventDefault();
    event.target.tabIndex = -1;
    items[to].tabIndex = 0;
    items[to].focus();
  }

  #noticePlace() {
    this.#sticks = this.isAtBottom;
    this.#present.hidden = this.#sticks;
    if (this.#sticks) this.#ui.markRead(this.#place.channel);
  }

  #scrolled() {
    this.#noticePlace();
    if (this.#scroller.scrollTop < 40 && this.#scroller.scrollHeight > this.#scroller.clientHeight + 200)
      this.#loadEarlier();
  }
}

/** Messages of one author within seven minutes form one group, unless something is shown above the later one. */
function continues(previous, message) {
  return (
    previous &&
    [0, 20, 23].includes(message.type ?? 0) &&
    !message.interaction &&
    !message.interaction_metadata &&
    ![6, 7, 18, 21].includes(previous.type) &&
    previous.author.id === message.author.id &&
    Boolean(previous.ephemeral_for) === Boolean(message.ephemeral_for) &&
    Date.parse(message.timestamp) - Date.parse(previous.timestamp) < GROUP_MS
  );
}

function divider(text, kind) {
  return h("li", { class: `divider divider-${kind}`, "data-testid": `divider-${kind}` }, h("span", {}, text));
}
