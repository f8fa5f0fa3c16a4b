// The composer while a command is typed: its name, a chip for each option, and a place to add more options.

import { api } from "./api.js";
import { nestOptions, OPTION } from "./commands.js";
import { h } from "./dom.js";
import { OptionField } from "./option_field.js";

export class CommandForm {
  #ui;
  #place;
  #completion;
  #leave;
  #send;
  #fields = [];
  #more = null;
  line = null;

  /** `onLeave(text)` returns to plain text; `onSend()` is Enter. */
  constructor(ui, place, completion, { onLeave, onSend }) {
    this.#ui = ui;
    this.#place = place;
    this.#completion = completion;
    this.#leave = onLeave;
    this.#send = onSend;
    this.node = h("div", { class: "command-form", role: "group", "data-testid": "command-form" });
  }

  /** Begins a command with its required options; `filled` are snapshots by option name. */
  start(line, filled = {}) {
    this.line = line;
    this.#fields = [];
    this.#more = this.#moreInput();
    this.node.setAttribute("aria-label", `Command /${line.name}: ${line.description}`);
    this.node.replaceChildren(
      h("span", { class: "command-name", "data-testid": "command-name" }, `/${line.name}`),
      this.#more,
    );
    this.#countMore();
    for (const option of line.options)
      if (option.required || filled[option.name])
        this.#add(option).fill?.(filled[option.name] ?? { text: "", picked: null, files: null });
    this.#next();
  }

  /** Back to where one wrote. */
  focus() {
    this.#next();
  }

  #moreInput() {
    const input = h("input", {
      type: "text",
      class: "option-more",
      role: "combobox",
      "aria-autocomplete": "list",
      "aria-expanded": "false",
      "aria-label": `Add an option to /${this.line.name}, or press Enter to send`,
      autocomplete: "off",
      "data-testid": "option-more",
    });
    input.addEventListener("focus", () => this.#suggestOptions());
    input.addEventListener("input", () => {
      const named = /^([\w-]+):$/.exec(input.value.trim());
      const option = named && this.#remaining().find((each) => each.name === named[1]);
      if (option) this.#take(option);
      else this.#suggestOptions();
    });
    input.addEventListener("blur", () => this.#completion.input === input && this.#completion.hide());
    input.addEventListener("keydown", (event) => this.#key(event, null));
    return input;
  }

  #remaining() {
    const used = new Set(this.#fields.map((field) => field.option.name));
    return this.line.options.filter((option) => !used.has(option.name));
  }

  #suggestOptions() {
    const typed = this.#more.value.trim().toLowerCase();
    const items = this.#remaining()
      .filter((option) => option.name.includes(typed))
      .map((option) => ({
        key: option.name,
        label: option.name,
        detail: option.description,
        hint: option.required ? "required" : "",
        onPick: () => this.#take(option),
      }));
    this.#completion.show(this.#more, `/${this.line.name} — ${this.line.description}`, items, {
      preselects: typed !== "",
      empty: typed ? "No such option" : null,
      isHintBelow: true,
    });
  }

  /** "+7 more" where options are left. */
  #countMore() {
    const count = this.#remaining().length;
    this.#more.placeholder = count ? `+${count} more` : "";
  }

  #take(option) {
    this.#more.value = "";
    this.#add(option).input.focus();
  }

  #add(option) {
    const field = new OptionField(option, {
      ui: this.#ui,
      completion: this.#completion,
      ask: (focused) => this.#askServer(focused),
      onPicked: () => this.#next(),
      onKey: (event, self) => this.#key(event, self),
    });
    this.#fields.push(field);
    this.node.insertBefore(field.node, this.#more);
    this.#countMore();
    return field;
  }

  /** The focus goes to the first required option that is empty, else to the place for more. */
  #next() {
    const field = this.#fields.find((each) => each.option.required && each.isEmpty);
    (field?.input ?? this.#more).focus();
  }

  #key(event, field) {
    if (event.isComposing) return;
    if (event.key === "Enter" && !event.shiftKey && field?.takesFirstLater()) {
      event.preventDefault();
      return;
    }
    if (this.#completion.handleKey(event)) return;
    if (event.key === "Enter" && !event.shiftKey) {
      if (field?.isFile && field.isEmpty) return;
      event.preventDefault();
      this.#send();
    } else if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      this.#leave("");
    } else if (event.key === "Backspace" && (field ? field.isEmpty && !field.text : !this.#more.value)) {
      event.preventDefault();
      this.#stepBack(field);
    }
  }

  #stepBack(field) {
    const at = field ? this.#fields.indexOf(field) : this.#fields.length;
    if (field && !field.option.required) {
      this.#fields.splice(at, 1);
      field.node.remove();
      this.#countMore();
      this.#more.focus();
    } else if (at > 0) {
      this.#fields[at - 1].input.focus();
    } else {
      this.#leave(`/${this.line.name}`);
    }
  }

  async #askServer(focused) {
    const options = this.#fields
      .filter((field) => !field.isFile && (field === focused || !field.isEmpty))
      .map((field) => {
        const value = field === focused ? field.text : (field.read().value ?? field.text);
        return {
          name: field.option.name,
          type: field.option.type,
          value,
          ...(field === focused ? { focused: true } : {}),
        };
      });
    const { store } = this.#ui;
    const answer = await api.autocomplete({
      user: store.me,
      channel: this.#place.channel,
      command: this.line.command.id,
      options: nestOptions(this.line, options),
    });
    return answer.choices;
  }

  /** The first thing that is wrong, shown and focused; null when the command can be sent. */
  check() {
    const typed = this.#more.value.trim();
    if (typed) {
      this.#more.focus();
      return `/${this.line.name} has no option “${typed}”. Choose an option first, then write its value.`;
    }
    for (const field of this.#fields) {
      const error = field.isEmpty
        ? field.option.required
          ? `${field.option.name} is required.`
          : null
        : field.isFile
          ? null
          : field.read().error;
      field.showError(error);
      if (error) {
        field.input.focus();
        return error;
      }
    }
    return null;
  }

  snapshot() {
    return Object.fromEntries(this.#fields.map((field) => [field.option.name, field.snapshot()]));
  }

  /** Uploads the files and gives {options, attachments} for the server. */
  async payload() {
    const attachments = [];
    const values = [];
    for (const field of this.#fields.filter((each) => !each.isEmpty)) {
      const { name, type } = field.option;
      if (type !== OPTION.ATTACHMENT) {
        values.push({ name, type, value: field.read().value });
        continue;
      }
      const { attachment } = await api.upload(this.#ui.store.me, field.file);
      attachments.push(attachment.id);
      values.push({ name, type, value: attachment.id });
    }
    return { options: nestOptions(this.line, values), attachments };
  }
}
