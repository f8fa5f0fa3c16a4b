// A list of suggestions under the control of a text input: arrows move, Enter or Tab takes, Escape hides.

import { freshId, h } from "./dom.js";

/**
 * Items are {key, label, detail?, hint?, icon?, onPick}; `onPick` takes the item. The list belongs to one input at a
 * time, whose combobox attributes it keeps.
 */
export class Completion {
  #list;
  #heading;
  #rail;
  #box;
  #items = [];
  #active = -1;
  #input = null;

  constructor(box) {
    this.#box = box;
    this.#heading = h("div", { class: "completion-heading" });
    this.#list = h("div", {
      role: "listbox",
      id: freshId("completion"),
      class: "completion-list",
      "aria-label": "Suggestions",
    });
    this.#rail = h("div", { class: "completion-rail", "aria-hidden": "true" });
    box.append(this.#rail, this.#heading, this.#list);
    box.hidden = true;
    box.addEventListener("pointerdown", (event) => event.preventDefault());
  }

  get isOpen() {
    return !this.#box.hidden;
  }

  /** The input the open list belongs to, or null. */
  get input() {
    return this.#input;
  }

  get active() {
    return this.#items[this.#active] ?? null;
  }

  /**
   * Shows items for `input`; `preselects` makes the first one active, so that Enter takes it; `isHintBelow` puts the
   * heading next to the input, where it says what is written there; `rail` is a picture of whose items they are.
   */
  show(input, heading, items, { preselects = false, empty = null, isHintBelow = false, rail = null } = {}) {
    this.#rail.replaceChildren(...(rail ? [rail] : []));
    this.#box.classList.toggle("has-hint-below", isHintBelow);
    if (this.#input !== input) this.hide();
    this.#input = input;
    this.#items = items;
    this.#heading.textContent = heading;
    this.#list.setAttribute("aria-label", heading);
    this.#list.replaceChildren(...items.map((item, index) => this.#row(item, index)));
    if (!items.length && empty) this.#list.append(h("div", { class: "completion-empty" }, empty));
    this.#box.hidden = !items.length && !empty;
    input.setAttribute("aria-controls", this.#list.id);
    if (input.matches('[role="combobox"]')) input.setAttribute("aria-expanded", String(this.isOpen));
    this.#activate(preselects && items.length ? 0 : -1);
  }

  hide() {
    this.#box.hidden = true;
    this.#items = [];
    this.#active = -1;
    if (this.#input?.matches('[role="combobox"]')) this.#input.setAttribute("aria-expanded", "false");
    this.#input?.removeAttribute("aria-activedescendant");
    this.#input = null;
  }

  /** Handles a key of the input; true when it was for the list. */
  handleKey(event, { takesEnter = true } = {}) {
    if (!this.isOpen || event.isComposing) return false;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (!this.#items.length) return false;
      const step = event.key === "ArrowDown" ? 1 : -1;
      const from = this.#active < 0 && step < 0 ? 0 : this.#active;
      this.#activate((from + step + this.#items.length) % this.#items.length);
    } else if (event.key === "Escape") {
      this.hide();
    } else if (event.key === "Enter" && takesEnter && !event.shiftKey && this.active) {
      this.#pick(this.active);
    } else if (event.key === "Tab" && !event.shiftKey && this.active) {
      this.#pick(this.active);
    } else {
      return false;
    }
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  #pick(item) {
    this.hide();
    item.onPick(item);
  }

  #activate(index) {
    this.#active = index;
    [...this.#list.children].forEach((row, at) => {
      if (row.getAttribute("role") === "option") row.setAttribute("aria-selected", String(at === index));
    });
    const row = index >= 0 ? this.#list.children[index] : null;
    if (row) {
      this.#input.setAttribute("aria-activedescendant", row.id);
      row.scrollIntoView({ block: "nearest" });
    } else {
      this.#input.removeAttribute("aria-activedescendant");
    }
  }

  #row(item, index) {
    const row = h(
      "div",
      {
        role: "option",
        id: freshId("choice"),
        class: "completion-row",
        "aria-selected": "false",
        "data-testid": "completion-item",
        "data-key": item.key,
        on: { click: () => this.#pick(item), pointermove: () => this.#active !== index && this.#activate(index) },
      },
      item.icon ?? null,
      h("span", { class: "completion-label" }, item.label),
      item.detail ? h("span", { class: "completion-detail" }, item.detail) : null,
      item.hint ? h("span", { class: "completion-hint" }, item.hint) : null,
    );
    return row;
  }
}
