// Whether the bot runs, the buttons that kill and start it, and the one that ends everything.

import { api } from "./api.js";
import { openConfirm } from "./confirm.js";
import { byId, h } from "./dom.js";

/** So long a bot that was started may take until it is online; after that it counts as offline. */
const START_MS = 30000;

export class BotControl {
  #ui;
  #isBusy = false;
  /** Set from the press on *Start* until the bot is online or has ended: a second press must not kill it. */
  #starting = null;
  #hadProcess = false;

  constructor(ui) {
    this.#ui = ui;
    for (const topic of ["reset", "bot"]) ui.store.on(topic, () => this.#update());
    byId("bot-kill").addEventListener("click", () => this.#command(api.killBot, "The bot could not be killed"));
    byId("bot-start").addEventListener("click", () => this.#start());
    byId("quit").addEventListener("click", () => this.#quit());
  }

  #update() {
    const { online, pid } = this.#ui.store.bot;
    const hasEnded = this.#hadProcess && pid === null;
    if (online || hasEnded) this.#isStarting(false);
    this.#hadProcess = pid !== null;
    this.#draw();
  }

  #draw() {
    const { bot } = this.#ui.store;
    const name = this.#ui.store.displayName(bot.user);
    const state = bot.online ? "online" : this.#starting ? "starting…" : "offline";
    const where = bot.online && bot.pid ? h("span", { class: "bot-pid" }, `, process ${bot.pid}`) : "";
    byId("bot-state").replaceChildren(`${name} is ${state}`, where);
    byId("bot-lamp").dataset.online = String(bot.online);
    const canKill = !this.#starting && (bot.online || bot.pid !== null);
    const [kill, start] = [byId("bot-kill"), byId("bot-start")];
    const hadFocus = [kill, start].includes(document.activeElement);
    kill.hidden = !canKill;
    start.hidden = canKill;
    start.setAttribute("aria-disabled", String(Boolean(this.#starting)));
    start.textContent = this.#starting ? "Starting…" : "Start the bot";
    if (hadFocus) (canKill ? kill : start).focus();
    for (const note of document.querySelectorAll(".offline-note")) note.hidden = bot.online || Boolean(this.#starting);
  }

  #isStarting(is) {
    clearTimeout(this.#starting);
    this.#starting = is ? setTimeout(() => (this.#isStarting(false), this.#draw()), START_MS) : null;
  }

  async #start() {
    if (this.#starting || this.#isBusy) return;
    this.#hadProcess = false;
    this.#isStarting(true);
    this.#draw();
    if (await this.#command(api.startBot, "The bot could not be started")) return;
    this.#isStarting(false);
    this.#draw();
  }

  /** Whether the server did it. */
  async #command(act, failure) {
    if (this.#isBusy) return false;
    this.#isBusy = true;
    try {
      await act();
      return true;
    } catch (error) {
      this.#ui.notify(`${failure}: ${error.message}`);
      return false;
    } finally {
      this.#isBusy = false;
    }
  }

  #quit() {
    const words =
      "This ends the bot and the playground, and with them every run that is working. Nothing that is kept is lost: " +
      "start again with `ompycord up`.";
    openConfirm({ title: "Quit Ompycord", words, label: "Quit" }, async () => {
      if (await this.#command(api.quit, "It could not be ended")) this.#ui.end();
    });
  }
}
