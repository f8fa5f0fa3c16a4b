// The three people and the bot: who acts, and who is a member; bot_control.js has the bot's process.

import { avatar } from "./avatars.js";
import { byId, h, reconcile, spoken } from "./dom.js";

const KINDS = { admin: "Admin", member: "Member", outsider: "Outsider" };
const HINTS = { admin: "manages the server", member: "may start runs", outsider: "has no access to the bot" };

export class PeoplePane {
  #ui;

  constructor(ui) {
    this.#ui = ui;
    for (const topic of ["reset", "reading", "bot"]) ui.store.on(topic, () => this.render());
  }

  render() {
    this.#switcher();
    this.#members();
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

  /** People by their highest role that is listed apart, as [name, users, is online]; who has none and is not acting is away. */
  #groups() {
    const { store } = this.#ui;
    const roles = store.roles
      .filter((role) => role.hoist && !role.managed)
      .sort((a, b) => (b.position ?? 0) - (a.position ?? 0));
    const groups = [...roles, null].map((role) => [role?.name ?? "Online", [], true]);
    const away = ["Offline", [], false];
    for (const user of store.users) {
      const at = roles.findIndex((role) => user.roles?.includes(role.id));
      const isHere = at >= 0 || user.kind !== "outsider" || user.id === store.me;
      (isHere ? groups.at(at) : away)[1].push(user);
    }
    return [...groups, away].filter(([, users]) => users.length);
  }

  #members() {
    const { store } = this.#ui;
    const bot = store.bot.user;
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
      ...this.#groups().flatMap(([name, users, isOnline]) => [
        h("h2", { class: "members-heading" }, `${name} — ${users.length}`),
        h(
          "ul",
          { class: "member-list" },
          users.map((user) => memberRow(store.displayName(user), user, KINDS[user.kind], isOnline)),
        ),
      ]),
      h("h2", { class: "members-heading" }, "Apps — 1"),
      h("ul", { class: "member-list" }, app),
    );
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
