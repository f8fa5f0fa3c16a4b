// Keeps the event stream open: reconnects with growing pauses, and reloads the state whenever it was away.

import { api, eventsAddress } from "./api.js";
import { apply } from "./dispatches.js";

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 8000;

export class Stream {
  #store;
  #source = null;
  #pause = FIRST_PAUSE_MS;
  #timer = null;

  constructor(store) {
    this.#store = store;
  }

  /** Opens the stream for the acting person, from the position the store has. */
  open() {
    this.close();
    const source = new EventSource(eventsAddress(this.#store.me, this.#store.seq));
    this.#source = source;
    source.addEventListener("open", () => {
      this.#pause = FIRST_PAUSE_MS;
      this.#setConnection("open");
    });
    source.addEventListener("dispatch", (event) => apply(this.#store, JSON.parse(event.data)));
    source.addEventListener("reset", () => this.#recover());
    source.addEventListener("error", () => this.#recover());
  }

  close() {
    this.#source?.close();
    this.#source = null;
    clearTimeout(this.#timer);
  }

  /** Tries again at once, for the banner's button. */
  retry() {
    this.#pause = FIRST_PAUSE_MS;
    this.close();
    this.#reload();
  }

  #setConnection(connection) {
    this.#store.connection = connection;
    this.#store.emit("connection", connection);
  }

  #recover() {
    this.close();
    this.#setConnection("lost");
    this.#timer = setTimeout(() => this.#reload(), this.#pause);
    this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE_MS);
  }

  async #reload() {
    try {
      this.#store.reset(await api.state(this.#store.me));
    } catch (error) {
      if (error.status === 404) this.#store.me = null;
      this.#recover();
      return;
    }
    this.open();
  }
}
