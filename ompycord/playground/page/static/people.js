// The three people and the bot: who acts, who is a member, whether the bot runs, and the buttons that end and start it.

import { api } from "./api.js";
import { avatar } from "./avatars.js";
import { byId, h, reconcile, spoken } from "./dom.js";

const KINDS = { admin: "Admin", member: "Member", outsider: "Outsider" };
const HINTS = { admin: "manages the server", member: "may start runs", outsider: "has no access to the bot" };

export class PeoplePane {
  #ui;
  #isBusy = false;

  constructor(ui) {
    this.#ui = ui;
    for (const topic of ["reset", "reading", "bot"]) ui.store.on(topic, () => this.render());
    byId("bot-kill").addEventListener("click", () => this.#command(api.killBot, "The bot could not be killed"));
    byId("bot-start").addEventListener("click", () => this.#command(api.startBot, "The bot could not be started"));
  }

  render() {
    this.#switcher();
    this.#members();
    this.#bot();
  }

  #switcher() {
    const { store, reading } = this.#ui;
    reconcile(
      byId("person-switcher"),
      store.users.map((user) => {
        const isMe = user.id === store.me;
        const pings = reading.allPings(user.id);
        return {
          key: user.id,
          sign: [isMe, pings, user.global_name, user.kind],
          build: () => this.#person(user, isMe, pings),
        };
      }),
    );
  }

  #person(user, isMe, pings) {
    const name = user.global_name || user.username;
    const radio = h("input", {
      type: "radio",
      name: "person",
      class: "person-choice",
      value: user.id,
      checked: isMe,
      "data-user-id": user.id,
      "data-focus-key": user.id,
      "data-testid": `person-${user.kind}`,
    });
    radio.addEventListener("change", () => this.#ui.becomePerson(user.id));
    return h(
      "label",
      { class: isMe ? "person is-me" : "person", title: `${name}: ${KINDS[user.kind]}, ${HINTS[user.kind]}` },
      radio,
      avatar(user),
      h(
        "span",
        { class: "person-words" },
        h("span", { class: "person-name" }, name),
        h("span", { class: "person-kind" }, KINDS[user.kind] ?? user.kind),
      ),
      pings ? h("span", { class: "badge" }, String(pings), spoken(" mentions")) : null,
    );
  }

  #members() {
    const { store } = this.#ui;
    const bot = store.bot.user;
    const people = store.users.map((user) => memberRow(store.displayName(user), user, KINDS[user.kind], true));
    const app = bot
      ? memberRow(
          store.displayName(bot),
          { ...bot, bot: true },
          store.bot.presence?.words ?? (store.bot.online ? "Online" : "Offline"),
          store.bot.online,
          store.bot.presence?.status,
        )
      : null;
    byId("members").replaceChildren(
      h("h2", { class: "members-heading" }, `People — ${people.length}`),
      h("ul", { class: "member-list" }, people),
      h("h2", { class: "members-heading" }, "Apps — 1"),
      h("ul", { class: "member-list" }, app),
    );
  }

  #bot() {
    const { bot } = this.#ui.store;
    const name = this.#ui.store.displayName(bot.user);
    const where = bot.online && bot.pid ? h("span", { class: "bot-pid" }, `, process ${bot.pid}`) : "";
    byId("bot-state").replaceChildren(`${name} is ${bot.online ? "online" : "offline"}`, where);
    byId("bot-lamp").dataset.online = String(bot.online);
    const canKill = bot.online || bot.pid !== null;
    const hadFocus = [byId("bot-kill"), byId("bot-start")].includes(document.activeElement);
    byId("bot-kill").hidden = !canKill;
    byId("bot-start").hidden = canKill;
    if (hadFocus) byId(canKill ? "bot-kill" : "bot-start").focus();
    byId("offline-note").hidden = bot.online;
  }

  async #command(act, failure) {
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      await act();
    } catch (error) {
      this.#ui.notify(`${failure}: ${error.message}`);
    } finally {
      this.#isBusy = false;
    }
  }
}

function memberRow(name, user, note, isOnline, status = "online") {
  return h(
    "li",
    { class: isOnline ? "member" : "member is-offline" },
    h(
      "span",
      { class: "member-avatar" },
      avatar(user),
      h("span", { class: isOnline ? `presence is-${status}` : "presence", "aria-hidden": "true" }),
    ),
    h(
      "span",
      { class: "member-words" },
      h("span", { class: "member-name" }, name, user.bot ? h("span", { class: "app-tag" }, "APP") : null),
      h("span", { class: "member-note" }, note),
    ),
  );
}
