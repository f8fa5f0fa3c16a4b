// One place where a channel is read and written: its parts from the template, its messages, its message box.

import { Composer } from "./composer.js";
import { byId } from "./dom.js";
import { MessagePane } from "./messages.js";

/** Which channel the place shows (the store's `key`), and its parts by their names in the template. */
class Place {
  #store;
  #prefix;
  #key;

  constructor(store, { prefix, key }) {
    this.#store = store;
    this.#prefix = prefix;
    this.#key = key;
  }

  get channel() {
    return this.#store[this.#key];
  }

  part(name) {
    return byId(this.#prefix + name);
  }
}

export class Conversation {
  /** `host` takes the parts; ids and test ids get the prefix; `title` is the id of what names the messages. */
  constructor(ui, { host, prefix, key, title }) {
    fill(byId(host), prefix, title);
    this.element = byId(host);
    this.place = new Place(ui.store, { prefix, key });
    this.messages = new MessagePane(ui, this.place);
    this.composer = new Composer(ui, this.place, this.messages);
  }
}

function fill(host, prefix, title) {
  const frame = byId("conversation-frame").content.cloneNode(true);
  for (const node of frame.querySelectorAll("[data-part]")) node.id = prefix + node.dataset.part;
  for (const node of frame.querySelectorAll("[data-testid]")) node.dataset.testid = prefix + node.dataset.testid;
  host.append(frame);
  byId(`${prefix}messages`).setAttribute("aria-labelledby", title);
}
