// The list of channels, threads below their channel, with unread dots and mention badges; and the open channel's head.

import { byId, h, reconcile, spoken } from "./dom.js";
import { icon } from "./icons.js";

export class ChannelPane {
  #ui;
  #list = byId("channel-list");
  #headSign = "";

  constructor(ui) {
    this.#ui = ui;
    for (const topic of ["reset", "channels", "reading", "opened"]) ui.store.on(topic, () => this.render());
  }

  render() {
    const { store } = this.#ui;
    byId("guild-name").textContent = store.guild.name;
    reconcile(
      this.#list,
      [...store.textChannels(), ...store.directChannels()].map((channel) => this.#branch(channel)),
    );
    this.#head();
    const pings = store.me ? this.#ui.reading.allPings(store.me) : 0;
    const name = store.channels.get(store.channel)?.name;
    const sign = store.signOf(store.channel);
    document.title = `${pings ? `(${pings}) ` : ""}${name ? `${sign}${name} · ` : ""}Ompycord playground`;
  }

  #branch(channel) {
    const threads = this.#ui.store.joinedThreads(channel.id);
    const sign = [channel, ...threads].flatMap((each) => [
      each.id,
      each.name,
      each.id === this.#ui.store.channel,
      each.id === this.#ui.store.thread,
      this.#ui.reading.isUnread(each),
      this.#ui.reading.pings(each.id),
    ]);
    const build = () =>
      h(
        "li",
        {},
        this.#link(channel, false),
        threads.length
          ? h(
              "ul",
              { class: "thread-list", "aria-label": `Threads of ${channel.name}` },
              threads.map((thread) => h("li", {}, this.#link(thread, true))),
            )
          : null,
      );
    return { key: channel.id, sign, build };
  }

  #link(channel, isThread) {
    const { store, reading } = this.#ui;
    const isOpen = channel.id === store.channel;
    const isBeside = channel.id === store.thread;
    const isUnread = reading.isUnread(channel);
    const pings = reading.pings(channel.id);
    return h(
      "a",
      {
        href: `#/channels/${channel.id}`,
        class: ["channel-link", (isOpen || isBeside) && "is-open", isUnread && "is-unread", isThread && "is-thread"]
          .filter(Boolean)
          .join(" "),
        "aria-current": isOpen ? "page" : null,
        "data-channel-id": channel.id,
        "data-testid": "channel-link",
        "data-focus-key": channel.id,
        on: { click: (event) => this.#open(event, channel.id) },
      },
      isUnread ? h("span", { class: "unread-dot", "aria-hidden": "true" }) : null,
      isThread
        ? h("span", { class: "thread-bend", "aria-hidden": "true" })
        : h("span", { class: "channel-mark", "aria-hidden": "true" }, store.signOf(channel.id)),
      h("span", { class: "channel-name" }, channel.name),
      spoken(isThread ? ", thread" : ", channel"),
      isUnread ? spoken(", unread") : null,
      pings
        ? h(
            "span",
            { class: "badge", "data-testid": "mention-badge" },
            String(pings),
            spoken(pings === 1 ? " mention" : " mentions"),
          )
        : null,
    );
  }

  /** An open channel is opened again, since that puts the focus into its message box. */
  #open(event, id) {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    this.#ui.openChannel(id);
  }

  #head() {
    const { store } = this.#ui;
    const channel = store.channels.get(store.channel);
    if (!channel) return;
    const parent = store.isThread(channel.id) ? store.channels.get(channel.parent_id) : null;
    const shown = [channel.id, channel.name, channel.topic, channel.thread_metadata, parent?.id, parent?.name];
    const sign = JSON.stringify(shown);
    if (sign === this.#headSign) return; // a link that is replaced under a finger that presses it is not followed
    this.#headSign = sign;
    byId("channel-head").replaceChildren(
      ...[
        parent
          ? h(
              "a",
              {
                class: "parent-link",
                href: `#/channels/${parent.id}`,
                "data-testid": "parent-link",
                "aria-label": `Back to ${parent.name}`,
              },
              icon("back"),
              `#${parent.name}`,
            )
          : null,
        h(
          "h1",
          { id: "channel-title", tabindex: "-1" },
          h(
            "span",
            { class: "channel-mark", "aria-hidden": "true" },
            parent ? icon("thread") : store.signOf(channel.id),
          ),
          h("span", { class: "channel-title" }, channel.name),
        ),
        channel.thread_metadata?.archived ? h("span", { class: "head-note" }, "archived") : null,
        channel.thread_metadata?.locked ? h("span", { class: "head-note" }, "locked") : null,
        channel.topic ? h("p", { class: "topic", title: channel.topic }, channel.topic) : null,
      ].filter(Boolean),
    );
  }
}
