// The drawer's fault buttons: kill the bot, cut the network, fill the disk, each with a seed that repeats it.

import { api } from "./api.js";
import { byId, h, reconcile } from "./dom.js";
import { timeElement } from "./timestamps.js";

const KINDS = {
  kill: { name: "Kill the bot", undo: "Call the kill off" },
  cut: { name: "Cut the network", undo: "Restore the network" },
  fill: { name: "Fill the disk", undo: "Free the disk" },
};

export class Faults {
  #ui;
  #state = { in_force: [], not_here: {}, highest_seed: 999999, done: [] };
  #isBusy = false;

  constructor(ui) {
    this.#ui = ui;
    this.#drawSeed();
    byId("fault-reseed").addEventListener("click", () => {
      this.#drawSeed();
      ui.announce(`Seed ${byId("fault-seed").value}`);
    });
    for (const kind of Object.keys(KINDS)) byId(`fault-${kind}`).addEventListener("click", () => this.#press(kind));
  }

  /** Shows what the server says is in force and was done. */
  show(state) {
    this.#state = state;
    for (const kind of Object.keys(KINDS)) this.#button(kind);
    byId("faults-none").hidden = state.done.length > 0;
    reconcile(
      byId("fault-rows"),
      state.done.map((record) => ({
        key: record.id,
        sign: [record.outcome, record.in_force],
        build: () => this.#row(record),
      })),
    );
  }

  #button(kind) {
    const button = byId(`fault-${kind}`);
    const isOn = this.#state.in_force.includes(kind);
    const why = this.#state.not_here[kind];
    button.textContent = isOn ? KINDS[kind].undo : KINDS[kind].name;
    button.classList.toggle("button-danger", !isOn);
    button.classList.toggle("button-success", isOn);
    button.disabled = Boolean(why);
    byId(`fault-${kind}-why`).textContent = why ? `Not here: ${why}.` : "";
  }

  #row({ at, kind, seed, what, outcome, in_force: isOn }) {
    const again = h(
      "button",
      { type: "button", class: "button button-secondary button-small", "data-focus-key": "again", "data-testid": "fault-again" },
      "Again",
    );
    again.setAttribute("aria-label", `${KINDS[kind].name} again with seed ${seed}`);
    again.addEventListener("click", () => this.#begin(kind, seed));
    return h(
      "li",
      { class: isOn ? "fault-row is-on" : "fault-row", "data-testid": "fault-row" },
      h(
        "p",
        {},
        momentOf(at),
        " ",
        h("strong", {}, KINDS[kind].name),
        `, seed ${seed}: ${what}. `,
        h("span", { class: "fault-outcome" }, isOn ? "In force." : `${outcome}.`),
      ),
      again,
    );
  }

  #drawSeed() {
    const [drawn] = crypto.getRandomValues(new Uint32Array(1));
    byId("fault-seed").value = String((drawn % this.#state.highest_seed) + 1);
  }

  async #press(kind) {
    if (this.#state.in_force.includes(kind)) {
      await this.#ask(() => api.endFault(kind), `${KINDS[kind].name}: taken back.`);
      return;
    }
    if (await this.#begin(kind, Number(byId("fault-seed").value))) this.#drawSeed();
  }

  #begin(kind, seed) {
    return this.#ask(() => api.beginFault(kind, seed), `${KINDS[kind].name}: in force, seed ${seed}.`);
  }

  /** True when the server did it; else it says why not. */
  async #ask(act, done) {
    if (this.#isBusy) return false;
    this.#isBusy = true;
    try {
      this.show(await act());
      this.#ui.notify(done);
      return true;
    } catch (error) {
      this.#ui.notify(error.message);
      return false;
    } finally {
      this.#isBusy = false;
    }
  }
}

/** Seconds since 1970 as the time of day. */
const momentOf = (at) => timeElement(new Date(at * 1000), "T", "wire-time");
