// The line beneath the message box that says who is typing in the channel.

const TYPING_MS = 10000;

export class TypingLine {
  #store;
  #place;
  #node;
  #timers = new Map();

  constructor(store, place) {
    this.#store = store;
    this.#place = place;
    this.#node = place.part("typing");
    store.on("message-arrived", (message) => this.#stop([message.author?.id]));
    store.on("typing", (typing) => this.#start(typing));
  }

  clear() {
    this.#stop([...this.#timers.keys()]);
  }

  #start({ channel, user }) {
    if (channel !== this.#place.channel || user === this.#store.me) return;
    clearTimeout(this.#timers.get(user));
    this.#timers.set(
      user,
      setTimeout(() => this.#stop([user]), TYPING_MS),
    );
    this.#show();
  }

  #stop(users) {
    for (const user of users) {
      clearTimeout(this.#timers.get(user));
      this.#timers.delete(user);
    }
    this.#show();
  }

  #show() {
    const names = [...this.#timers.keys()].map((user) => this.#store.displayName(user));
    this.#node.textContent = names.length ? `${names.join(", ")} ${names.length > 1 ? "are" : "is"} typing…` : "";
  }
}
