// The bar above the message box that says which message is answered, and whether its author is pinged.

import { h } from "./dom.js";
import { icon } from "./icons.js";

export class ReplyBar {
  #node;
  #ui;
  #onChange;
  #pings = true;
  message = null;

  /** `onChange()` is called after the bar was used, for the focus. */
  constructor(node, ui, onChange) {
    this.#node = node;
    this.#ui = ui;
    this.#onChange = onChange;
  }

  show(message) {
    this.message = message;
    this.#pings = true;
    this.#draw();
  }

  clear() {
    this.message = null;
    this.#draw();
  }

  /** What the server is told of it. */
  payload() {
    return this.message ? { reply: { message: this.message.id, pings: this.#pings } } : {};
  }

  #draw() {
    this.#node.hidden = !this.message;
    if (!this.message) return;
    const { store } = this.#ui;
    const act = (change) => () => {
      change();
      this.#onChange();
    };
    const mention = h(
      "button",
      { type: "button", class: "link-button reply-ping", "aria-pressed": String(this.#pings), "data-testid": "reply-ping" },
      `@ ${this.#pings ? "ON" : "OFF"}`,
    );
    mention.setAttribute("aria-label", "Ping the author");
    mention.addEventListener("click", act(() => ((this.#pings = !this.#pings), this.#draw())));
    const close = h("button", { type: "button", class: "icon-button", "aria-label": "Cancel the reply" }, icon("close"));
    close.addEventListener("click", act(() => this.clear()));
    const isOwn = this.message.author.id === store.me;
    this.#node.replaceChildren(
      h("span", { class: "reply-to" }, "Replying to ", h("strong", {}, store.displayName(this.message.author))),
      ...(isOwn ? [] : [mention]),
      close,
    );
  }
}
