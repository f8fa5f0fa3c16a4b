// Follows each interaction from the click to the application's answer, so that the page can say what it waits for.

/** Longer than Discord's 3 s for the first answer: by then the server has sent the outcome, if it can. */
const PATIENCE_MS = 5000;

const interactionOf = (message) => message.interaction_metadata?.id ?? message.interaction?.id ?? null;

const NO_ANSWER = "The application did not respond";

/** The server's reason when it is a sentence; a bare code follows Discord's sentence. */
export function failureText(reason) {
  if (!reason || reason.replace(/\.$/, "") === NO_ANSWER) return NO_ANSWER;
  return reason.includes(" ") ? reason : `${NO_ANSWER} (${reason})`;
}

/**
 * Each item: {key, id, kind, user, channel, message, customId, label, status, reason, retry}; `status` is "sending",
 * "pending" (the bot deferred: it is thinking) or "failed". Answered ones are dropped.
 */
export class Interactions {
  #store;
  #items = new Map();
  #outcomes = new Map();
  #waiting = new Map();
  #lastKey = 0;
  #shown = null;

  constructor(store) {
    this.#store = store;
    store.on("interaction", (event) => this.#onOutcome(event));
    store.on("message-arrived", (message) => this.#answered(interactionOf(message)));
    store.on("reset", () => this.#forgetOpen());
    store.on("opened", () => this.#moved());
    store.on("messages", ({ kind, message }) => kind === "updated" && message && this.#forgetFailures(message.id));
  }

  /** Sends with `post`, which resolves to the server's {interaction}; an unreachable server is a failure like any other. */
  async send(item, post) {
    this.#lastKey += 1;
    const held = { key: this.#lastKey, user: this.#store.me, status: "sending", ...item };
    this.#items.set(held.key, held);
    this.#changed();
    try {
      held.id = (await post()).interaction;
    } catch (error) {
      this.#fail(held, error.message);
      return;
    }
    const early = this.#outcomes.get(held.id);
    if (early) this.#settle(held, early);
    setTimeout(() => held.status === "sending" && this.#drop(held), PATIENCE_MS);
  }

  /** Lines to show at the end of a channel: commands on their way, and those that failed. */
  lines(channel) {
    return [...this.#items.values()].filter(
      (item) => item.kind === "command" && item.channel === channel && item.user === this.#store.me,
    );
  }

  /** What a message's component is doing: {busy: custom id or null, failure: text or null}. */
  ofMessage(messageId) {
    const mine = [...this.#items.values()].filter((item) => item.message === messageId && item.user === this.#store.me);
    return {
      busy: mine.find((item) => item.status !== "failed")?.customId ?? null,
      failure: mine.findLast((item) => item.status === "failed")?.reason ?? null,
    };
  }

  dismiss(key) {
    this.#items.delete(key);
    this.#changed();
  }

  /** The outcome of an interaction known by id only: "done", "failed" or, after patience, "silent". */
  outcome(id) {
    const early = this.#outcomes.get(id);
    if (early && early.kind !== "pending") return Promise.resolve(early);
    return new Promise((resolve) => {
      const wait = {
        resolve,
        timer: setTimeout(() => this.#resolve(id, this.#outcomes.get(id) ?? { kind: "silent" }), PATIENCE_MS),
      };
      this.#waiting.set(id, wait);
    });
  }

  #resolve(id, event) {
    const wait = this.#waiting.get(id);
    if (!wait) return;
    clearTimeout(wait.timer);
    this.#waiting.delete(id);
    wait.resolve(event);
  }

  #onOutcome(event) {
    this.#outcomes.set(event.interaction, event);
    if (this.#outcomes.size > 500) this.#outcomes.delete(this.#outcomes.keys().next().value);
    for (const item of this.#items.values()) if (item.id === event.interaction) this.#settle(item, event);
    if (event.kind !== "pending") this.#resolve(event.interaction, event);
  }

  #answered(id) {
    if (id) this.#onOutcome({ kind: "done", interaction: id });
  }

  #settle(item, event) {
    if (event.kind === "failed") return this.#fail(item, event.reason);
    if (event.kind !== "pending") return this.#drop(item);
    item.status = "pending";
    return this.#changed();
  }

  #fail(item, reason) {
    for (const old of this.#items.values()) {
      if (item.message && old !== item && old.message === item.message && old.status === "failed")
        this.#items.delete(old.key);
    }
    Object.assign(item, { status: "failed", reason: failureText(reason) });
    this.#store.emit("announce", `${item.label ?? "Interaction"}: ${item.reason}`);
    this.#changed();
  }

  #drop(item) {
    this.#items.delete(item.key);
    this.#changed();
  }

  /** Why a press failed is of the moment: it goes when the channel is left. */
  #moved() {
    if (this.#store.channel === this.#shown) return;
    this.#shown = this.#store.channel;
    for (const item of [...this.#items.values()]) if (item.message) this.#forgetFailures(item.message);
  }

  /** The message answered after all. */
  #forgetFailures(messageId) {
    const old = [...this.#items.values()].filter((item) => item.message === messageId && item.status === "failed");
    for (const item of old) this.#items.delete(item.key);
    if (old.length) this.#changed();
  }

  #forgetOpen() {
    for (const item of [...this.#items.values()]) if (item.status !== "failed") this.#items.delete(item.key);
    this.#changed();
  }

  #changed() {
    this.#store.emit("interactions");
  }
}
