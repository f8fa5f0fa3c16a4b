// Where a person writes: plain messages with files and mentions, and the way into commands with a slash.

import { api } from "./api.js";
import { avatar } from "./avatars.js";
import { CommandForm } from "./command_form.js";
import { searchCommands, typedCommands } from "./commands.js";
import { Completion } from "./completion.js";
import { editMessage, mayEdit } from "./editing.js";
import { FileTray } from "./file_tray.js";
import { icon } from "./icons.js";
import { mentionAt, mentionOptions, withMentions } from "./mentions.js";
import { ReplyBar } from "./reply_bar.js";

const MOST_CHARACTERS = 2000;
const COUNT_FROM = 1800;

export class Composer {
  #ui;
  #place;
  #messages;
  #form;
  #input;
  #problem;
  #count;
  #fileInput;
  #tray;
  #completion;
  #command;
  #reply;
  #isCommand = false;
  #isSending = false;
  #spot = null;

  /** `place` says which channel is written to; `messages` are shown above. */
  constructor(ui, place, messages) {
    this.#ui = ui;
    this.#place = place;
    this.#messages = messages;
    this.#form = place.part("composer");
    this.#input = place.part("composer-input");
    this.#problem = place.part("composer-problem");
    this.#count = place.part("composer-count");
    this.#fileInput = place.part("composer-file");
    this.#tray = new FileTray(place.part("composer-files"), () => this.#input.focus());
    this.#completion = new Completion(place.part("completion"));
    this.#reply = new ReplyBar(place.part("reply-bar"), ui, () => this.#input.focus());
    this.#command = new CommandForm(ui, place, this.#completion, {
      onLeave: (text) => this.#leaveCommand(text),
      onSend: () => this.#submit(),
    });
    this.#input.addEventListener("input", () => this.#typed());
    this.#input.addEventListener("focus", () => this.#suggest());
    this.#input.addEventListener("blur", () => this.#completion.input === this.#input && this.#completion.hide());
    this.#input.addEventListener("keydown", (event) => this.#key(event));
    this.#input.addEventListener(
      "paste",
      (event) =>
        event.clipboardData?.files.length && (event.preventDefault(), this.#addFiles(event.clipboardData.files)),
    );
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    place.part("attach").append(icon("plus"));
    place.part("attach").addEventListener("click", () => this.#fileInput.click());
    this.#fileInput.addEventListener("change", () => {
      this.#addFiles(this.#fileInput.files);
      this.#fileInput.value = "";
      this.#input.focus();
    });
    ui.store.on("opened", () => this.#moved());
    ui.store.on("commands", () => this.#isCommand || this.#suggest());
  }

  focus() {
    if (this.#isCommand) this.#command.focus();
    else this.#input.focus();
  }

  /** Writes a command as a person would, and sends it. */
  sendCommand(line, filled) {
    this.startCommand(line, filled);
    this.#submit();
  }

  /** What is sent next answers this message. */
  startReply(message) {
    this.#reply.show(message);
    this.focus();
  }

  /** Enters a command, from a mention or to try again with what was typed. */
  startCommand(line, filled = {}) {
    this.#isCommand = true;
    this.#problem.textContent = "";
    this.#input.value = "";
    this.#input.hidden = true;
    if (!this.#command.node.isConnected) this.#input.after(this.#command.node);
    this.#command.start(line, filled);
  }

  /** Keeps what was written for the channel that is left and brings back what was written here. */
  #moved() {
    const { store, drafts } = this.#ui;
    const spot = `${store.me}/${this.#place.channel}`;
    if (spot !== this.#spot) {
      if (this.#spot) drafts.set(this.#spot, { text: this.#input.value, files: this.#tray.files });
      this.#spot = spot;
      if (this.#isCommand) this.#showPlain();
      this.#reply.clear();
      const draft = drafts.get(spot) ?? { text: "", files: [] };
      this.#input.value = draft.text;
      this.#tray.show(draft.files);
      this.#problem.textContent = "";
      this.#showCount();
    }
    const channel = store.channels.get(this.#place.channel);
    this.#input.placeholder = `Message ${store.signOf(channel?.id)}${channel?.name ?? ""}`;
    this.#input.setAttribute("aria-label", `Message to ${channel?.name ?? "this channel"}; a slash begins a command`);
  }

  #typed() {
    this.#problem.textContent = "";
    this.#showCount();
    const line = this.#completedCommand();
    if (line) this.startCommand(line);
    else this.#suggest();
  }

  #showCount() {
    const length = [...this.#input.value].length;
    this.#count.textContent = length >= COUNT_FROM ? String(MOST_CHARACTERS - length) : "";
    this.#count.classList.toggle("is-over", length > MOST_CHARACTERS);
  }

  /** The command whose whole name was typed and ended with a blank, unless a longer name may follow. */
  #completedCommand() {
    const { value } = this.#input;
    if (!value.startsWith("/") || !value.endsWith(" ")) return null;
    const name = value.slice(1).trim();
    const all = typedCommands(this.#ui.store);
    return all.some((line) => line.name.startsWith(`${name} `))
      ? null
      : (all.find((line) => line.name === name) ?? null);
  }

  #suggest() {
    const { value, selectionStart } = this.#input;
    const { store } = this.#ui;
    if (/^\/[^\n]*$/.test(value)) {
      const items = searchCommands(typedCommands(store), value.slice(1)).map((line) => ({
        key: line.name,
        label: `/${line.name}`,
        detail: line.description,
        icon: avatar({ ...store.bot.user, bot: true }, "small"),
        hint: line.options.map((option) => (option.required ? option.name : `${option.name}?`)).join(" "),
        onPick: () => this.startCommand(line),
      }));
      this.#completion.show(this.#input, `Commands of ${store.displayName(store.bot.user)}`, items, {
        preselects: true,
        rail: avatar({ ...store.bot.user, bot: true }),
        empty: value === "/" ? "No commands here for you" : null,
      });
      return;
    }
    const mention = mentionAt(value, selectionStart);
    const options = mention ? mentionOptions(mention.sign, mention.typed, store) : [];
    if (!options.length) {
      this.#completion.hide();
      return;
    }
    const items = options.map((option) => ({
      key: option.value,
      label: option.label,
      detail: option.description,
      icon: option.icon(),
      onPick: () => this.#insertMention(mention, option),
    }));
    this.#completion.show(this.#input, mention.sign === "@" ? "People and roles" : "Channels", items, {
      preselects: true,
    });
  }

  #insertMention({ sign, start }, option) {
    this.#input.setRangeText(`${sign}${option.label} `, start, this.#input.selectionStart, "end");
    this.#input.focus();
    this.#showCount();
  }

  #key(event) {
    if (event.isComposing || this.#completion.handleKey(event)) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.#submit();
    }
    if (event.key === "ArrowUp" && !this.#input.value && !event.altKey) this.#editLast(event);
    if (event.key === "Escape" && this.#reply.message) {
      event.preventDefault();
      this.#reply.clear();
    }
  }

  /** Arrow up in an empty box changes the last message of one's own, as in Discord. */
  #editLast(event) {
    const { store } = this.#ui;
    const last = store.visibleMessages(this.#place.channel).findLast((message) => mayEdit(message, store));
    if (!last) return;
    event.preventDefault();
    editMessage(last, this.#ui);
  }

  #showPlain() {
    this.#isCommand = false;
    this.#completion.hide();
    this.#command.node.remove();
    this.#input.hidden = false;
  }

  #leaveCommand(text) {
    this.#showPlain();
    this.#input.value = text;
    this.#problem.textContent = "";
    this.#input.focus();
    this.#typed();
  }

  async #submit() {
    if (this.#isSending) return;
    this.#isSending = true;
    try {
      if (this.#isCommand) await this.#sendCommand();
      else await this.#sendMessage();
    } catch (error) {
      this.#problem.textContent = error.message;
    } finally {
      this.#isSending = false;
    }
  }

  async #sendCommand() {
    const wrong = this.#command.check();
    if (wrong) {
      this.#problem.textContent = wrong;
      return;
    }
    const { line } = this.#command;
    const { store, interactions } = this.#ui;
    const filled = this.#command.snapshot();
    const place = { user: store.me, channel: this.#place.channel, command: line.command.id };
    const payload = await this.#command.payload();
    this.#leaveCommand("");
    const retry = () => this.startCommand(line, filled);
    interactions.send({ kind: "command", channel: place.channel, label: `/${line.name}`, retry }, () =>
      api.command({ ...place, ...payload }),
    );
    this.#messages.toPresent();
  }

  async #sendMessage() {
    const text = withMentions(this.#input.value.trim(), this.#ui.store);
    if (!text && !this.#tray.files.length) return;
    const length = [...text].length;
    if (length > MOST_CHARACTERS) {
      this.#problem.textContent = `A message may have ${MOST_CHARACTERS} characters; this one has ${length}. Attach it as a file, or shorten it.`;
      return;
    }
    const user = this.#ui.store.me;
    const { channel } = this.#place;
    const [typed, files, spot, reply] = [this.#input.value, [...this.#tray.files], this.#spot, this.#reply.payload()];
    const attachments = await this.#tray.upload(files, user);
    await api.sendMessage({ user, channel, content: text, ...(attachments.length ? { attachments } : {}), ...reply });
    if (spot !== this.#spot) {
      // Another channel was opened since then: what is typed there is not what was sent.
      this.#ui.drafts.delete(spot);
      return;
    }
    this.#reply.clear();
    if (this.#input.value.startsWith(typed)) this.#input.value = this.#input.value.slice(typed.length);
    this.#tray.show(this.#tray.files.filter((held) => !files.includes(held)));
    this.#problem.textContent = "";
    this.#showCount();
    this.#completion.hide();
    this.#messages.toPresent();
  }

  #addFiles(list) {
    this.#problem.textContent = this.#tray.add(list);
  }
}
