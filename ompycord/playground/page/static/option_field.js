// One option of a command while it is typed: its chip, its input, its suggestions and its value.

import { checkValue, OPTION } from "./commands.js";
import { freshId, h, spoken } from "./dom.js";
import { entityOptions, matching } from "./entities.js";

const AUTOCOMPLETE_PAUSE_MS = 120;
const ENTITY_KINDS = {
  [OPTION.USER]: "user",
  [OPTION.CHANNEL]: "channel",
  [OPTION.ROLE]: "role",
  [OPTION.MENTIONABLE]: "mentionable",
};

export class OptionField {
  #ui;
  #completion;
  #ask;
  #picked = null;
  #requests = 0;
  #timer = null;
  #isAsking = false;
  #takesFirst = false;

  /** `ask(field)` resolves to the server's choices; `onPicked(field)` moves on; `onKey(event, field)` gets other keys. */
  constructor(option, { ui, completion, ask, onPicked, onKey }) {
    this.option = option;
    this.#ui = ui;
    this.#completion = completion;
    this.#ask = ask;
    this.isFile = option.type === OPTION.ATTACHMENT;
    const isFree = option.type === OPTION.STRING && !option.autocomplete && !option.choices?.length;
    const id = freshId("option");
    const hint = `${option.description ?? ""}${option.required ? " Required." : ""}`;
    this.input = h(isFree ? "textarea" : "input", {
      id,
      class: "option-input",
      type: isFree ? null : this.isFile ? "file" : "text",
      rows: isFree ? "1" : null,
      role: isFree || this.isFile ? null : "combobox",
      "aria-expanded": isFree || this.isFile ? null : "false",
      "aria-autocomplete": isFree || this.isFile ? null : "list",
      "aria-required": this.isFile ? null : String(Boolean(option.required)),
      title: hint,
      autocomplete: "off",
      spellcheck: "false",
      inputmode: option.type === OPTION.INTEGER ? "numeric" : option.type === OPTION.NUMBER ? "decimal" : null,
      "data-testid": `option-${option.name}`,
    });
    const name = h(
      "label",
      { class: "option-name", for: id },
      option.name,
      option.required ? h("span", { class: "required-mark", "aria-hidden": "true" }, "*") : null,
      spoken(`, ${hint}`),
    );
    this.node = h("span", { class: "option-chip", "data-option": option.name }, name, this.input);
    this.input.addEventListener("focus", () => this.suggest(onPicked));
    this.input.addEventListener("input", () => {
      this.#picked = null;
      this.showError(null);
      this.suggest(onPicked);
    });
    this.input.addEventListener("change", () => this.isFile && this.input.files.length && onPicked(this));
    this.input.addEventListener("blur", () => this.#completion.input === this.input && this.#completion.hide());
    this.input.addEventListener("keydown", (event) => onKey(event, this));
  }

  get text() {
    return this.isFile ? "" : this.input.value;
  }

  get isEmpty() {
    return this.isFile ? this.input.files.length === 0 : this.text.trim() === "";
  }

  get file() {
    return this.input.files?.[0] ?? null;
  }

  showError(text) {
    this.node.classList.toggle("has-error", Boolean(text));
    this.input.setAttribute("aria-invalid", String(Boolean(text)));
  }

  /** Everything needed to fill the field again. */
  snapshot() {
    return { text: this.text, picked: this.#picked, files: this.isFile ? this.input.files : null };
  }

  fill({ text, picked, files }) {
    if (this.isFile) this.input.files = files;
    else this.input.value = text;
    this.#picked = picked;
  }

  /** {value}, or {error}; call it on fields that are not empty. Files have no value before their upload. */
  read() {
    const { option } = this;
    if (this.#picked && this.#picked.label === this.text) return { value: this.#picked.value };
    const closed = this.#closedList();
    if (closed) {
      const exact = closed.find(
        (choice) => choice.label.toLowerCase() === this.text.trim().toLowerCase().replace(/^[@#]/, ""),
      );
      return exact ? { value: exact.value } : { error: `Choose ${option.name} from the list.` };
    }
    return checkValue(option, this.text);
  }

  /** The choices when only they are allowed, else null. */
  #closedList() {
    const { option } = this;
    if (option.choices?.length) return option.choices.map((choice) => ({ label: choice.name, value: choice.value }));
    if (option.type === OPTION.BOOLEAN)
      return [
        { label: "True", value: true },
        { label: "False", value: false },
      ];
    const kind = ENTITY_KINDS[option.type];
    return kind ? entityOptions(kind, this.#ui.store, { channelTypes: option.channel_types }) : null;
  }

  /** Whether the choices for what is typed are still on their way; then Enter takes the first when it is there. */
  takesFirstLater() {
    this.#takesFirst = this.#isAsking && !this.isEmpty;
    return this.#takesFirst;
  }

  /** Shows what could be put here; the server is asked a moment after the last key. */
  suggest(onPicked) {
    clearTimeout(this.#timer);
    this.#requests += 1;
    const closed = this.#closedList();
    this.#isAsking = !closed && Boolean(this.option.autocomplete);
    this.#takesFirst = false;
    if (closed) this.#show(matching(closed, this.#picked ? "" : this.text), onPicked, true);
    else if (this.option.autocomplete)
      this.#timer = setTimeout(() => this.#suggestRemote(onPicked), AUTOCOMPLETE_PAUSE_MS);
    else this.#completion.hide();
  }

  async #suggestRemote(onPicked) {
    const request = this.#requests;
    let choices = [];
    let empty = "No suggestion; your own text is fine.";
    try {
      choices = await this.#ask(this);
    } catch (error) {
      empty = `No suggestions: ${error.message}`;
    }
    if (request !== this.#requests || document.activeElement !== this.input) return;
    this.#isAsking = false;
    const options = choices.map((choice) => ({ label: choice.name, value: choice.value }));
    if (this.#takesFirst && options.length) this.#take(options[0], onPicked);
    else this.#show(options, onPicked, true, empty);
  }

  #take({ label, value }, onPicked) {
    this.#picked = { label, value };
    this.input.value = label;
    this.showError(null);
    onPicked(this);
  }

  #show(choices, onPicked, preselects, empty = "Nothing matches") {
    const items = choices.slice(0, 25).map((choice) => ({
      key: String(choice.value),
      label: choice.label,
      detail: choice.description,
      icon: choice.icon?.(),
      onPick: () => this.#take(choice, onPicked),
    }));
    const heading = `${this.option.name}${this.option.description ? ` — ${this.option.description}` : ""}`;
    this.#completion.show(this.input, heading, items, { preselects, empty, isHintBelow: true });
  }
}
