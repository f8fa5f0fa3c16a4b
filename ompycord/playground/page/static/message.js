// Draws one message: who and when, text, embeds, files, controls, thread, reactions, and what only one person sees.

import { renderAttachment } from "./attachments.js";
import { avatar } from "./avatars.js";
import { renderComponents } from "./components.js";
import { h, spoken } from "./dom.js";
import { renderEmbed } from "./embeds.js";
import { icon } from "./icons.js";
import { renderMarkdown } from "./markdown_dom.js";
import { openReactionPicker, renderReactions } from "./reactions.js";
import { openMessageMenu } from "./menu.js";
import { systemText } from "./system_messages.js";
import { clockTime, messageTime } from "./timestamps.js";

export const FLAG_EPHEMERAL = 64;
const FLAG_LOADING = 128;

export const isEphemeral = (message) =>
  Boolean(message.ephemeral_for) || Boolean((message.flags ?? 0) & FLAG_EPHEMERAL);

export function mentionsMe(message, store) {
  const me = store.user(store.me);
  return (
    Boolean(message.mention_everyone) ||
    (message.mentions ?? []).some((user) => user.id === store.me) ||
    (message.mention_roles ?? []).some((role) => me?.roles?.includes(role))
  );
}

/** The message as one line of speech or preview. */
export function plainText(message) {
  const embed = message.embeds?.[0];
  return (
    message.content ||
    embed?.title ||
    embed?.description ||
    (message.attachments?.length ? "an attachment" : "a message")
  ).slice(0, 200);
}

/** A list item; `isGrouped` leaves the head out, `activity` is what Interactions says of this message. */
export function renderMessage(message, { isGrouped, activity }, ui) {
  const { store } = ui;
  const system = systemText(message, ui);
  const item = h(
    "li",
    {
      class: classes(message, isGrouped, system, store),
      id: `message-${message.id}`,
      tabindex: "-1",
      "data-message-id": message.id,
      "data-testid": "message",
      "data-ephemeral": isEphemeral(message) ? "true" : null,
    },
    system ? systemRow(message, system) : ordinary(message, isGrouped, activity, ui),
    toolbar(message, ui),
  );
  item.addEventListener("contextmenu", (event) => {
    if (event.target.closest("a, input, textarea")) return;
    event.preventDefault();
    const point = event.clientX || event.clientY ? pointBox(event.clientX, event.clientY) : null;
    openMessageMenu(message, item, ui, point);
  });
  return item;
}

const pointBox = (x, y) => ({ left: x, top: y, bottom: y });

function classes(message, isGrouped, system, store) {
  return [
    "message",
    isGrouped && "is-grouped",
    system && "is-system",
    isEphemeral(message) && "is-ephemeral",
    mentionsMe(message, store) && "mentions-me",
  ]
    .filter(Boolean)
    .join(" ");
}

function systemRow(message, text) {
  return h(
    "div",
    { class: "system-row" },
    h("span", { class: "system-mark" }, icon(text.mark)),
    h("div", {}, text.nodes, " ", messageTime(message.timestamp)),
  );
}

function ordinary(message, isGrouped, activity, ui) {
  return [
    isGrouped ? h("div", { class: "message-gutter" }, clockTime(message.timestamp)) : null,
    isGrouped ? null : origin(message, ui),
    h(
      "div",
      { class: "message-columns" },
      isGrouped
        ? null
        : h("div", { class: "message-avatar" }, avatar(ui.store.user(message.author.id) ?? message.author)),
      h(
        "div",
        { class: "message-main" },
        isGrouped ? spoken(`${ui.store.displayName(message.author)}: `) : head(message, ui),
        body(message, activity, ui),
      ),
    ),
  ];
}

function head(message, { store }) {
  return h(
    "div",
    { class: "message-head" },
    h("span", { class: "message-author" }, store.displayName(message.author)),
    message.author.bot ? h("span", { class: "app-tag" }, "APP") : null,
    messageTime(message.timestamp),
    message.pinned ? h("span", { class: "pin-mark", title: "Pinned" }, icon("pin"), spoken("Pinned")) : null,
  );
}

/** The line above a reply or an application's answer. */
function origin(message, ui) {
  const used = message.interaction ?? message.interaction_metadata;
  if (used?.user && used.type === 2) {
    const name = message.interaction?.name ?? message.interaction_metadata?.name;
    return h(
      "div",
      { class: "message-origin" },
      h("strong", {}, ui.store.displayName(used.user)),
      " used ",
      h("span", { class: "mention" }, name ? `/${name}` : "a command"),
    );
  }
  const replied = message.type === 19 ? message.referenced_message : null;
  if (!replied) return null;
  const open = () => ui.openChannel(message.channel_id, replied.id);
  return h(
    "div",
    { class: "message-origin" },
    h(
      "button",
      { type: "button", class: "link-button", on: { click: open } },
      h("strong", {}, ui.store.displayName(replied.author)),
      ` ${plainText(replied)}`,
    ),
  );
}

function body(message, activity, ui) {
  const isLoading = Boolean((message.flags ?? 0) & FLAG_LOADING);
  return h(
    "div",
    { class: "message-body" },
    isLoading ? thinking(`${ui.store.displayName(message.author)} is thinking…`) : null,
    message.content
      ? h(
          "div",
          { class: "message-content", "data-testid": "message-content" },
          renderMarkdown(message.content, ui),
          message.edited_timestamp ? edited(message) : null,
        )
      : null,
    (message.embeds ?? []).map((embed) => renderEmbed(embed, ui)),
    (message.attachments ?? []).map(renderAttachment),
    renderComponents(message, activity.busy, ui),
    activity.failure
      ? h("p", { class: "interaction-failure", "data-testid": "interaction-failure" }, icon("warn"), activity.failure)
      : null,
    threadChip(message, ui),
    renderReactions(message, ui),
    !message.content && message.edited_timestamp ? edited(message) : null,
    isEphemeral(message) ? ephemeralFoot(message, ui) : null,
  );
}

/** The "… is thinking" line, with dots that rest where motion is unwanted. */
export function thinking(text) {
  return h(
    "div",
    { class: "thinking", "data-testid": "thinking" },
    h("span", { class: "dots", "aria-hidden": "true" }, h("i"), h("i"), h("i")),
    text,
  );
}

function edited(message) {
  return h("span", { class: "edited", title: new Date(message.edited_timestamp).toLocaleString() }, " (edited)");
}

function ephemeralFoot(message, ui) {
  return h(
    "div",
    { class: "ephemeral-foot", "data-testid": "ephemeral-note" },
    icon("eye"),
    "Only you can see this · ",
    h(
      "button",
      {
        type: "button",
        class: "link-button",
        "data-testid": "ephemeral-dismiss",
        "data-focus-key": "dismiss",
        on: { click: () => ui.dismissMessage(message) },
      },
      "Dismiss",
    ),
  );
}

function threadChip(message, ui) {
  const started = ui.store.channels.get(message.thread?.id ?? message.id);
  if (!started || !ui.store.isThread(started.id) || started.id === message.channel_id) return null;
  const count = started.message_count ?? 0;
  return h(
    "button",
    {
      type: "button",
      class: "thread-chip",
      "data-testid": "thread-chip",
      "data-channel-id": started.id,
      "data-focus-key": "thread",
      on: { click: () => ui.openChannel(started.id) },
    },
    h("strong", {}, started.name),
    h("span", { class: "thread-count" }, `${count} ${count === 1 ? "message" : "messages"} ›`),
  );
}

function toolbar(message, ui) {
  const react = h(
    "button",
    {
      type: "button",
      class: "icon-button",
      "aria-label": "Add reaction",
      "aria-haspopup": "dialog",
      "aria-expanded": "false",
      "data-focus-key": "react",
    },
    icon("smile"),
  );
  react.addEventListener("click", () => openReactionPicker(message, react, ui));
  const more = h(
    "button",
    {
      type: "button",
      class: "icon-button",
      "aria-label": "More actions",
      "aria-haspopup": "menu",
      "aria-expanded": "false",
      "data-testid": "message-more",
      "data-focus-key": "more",
    },
    icon("more"),
  );
  more.addEventListener("click", () => openMessageMenu(message, more, ui));
  return h("div", { class: "message-toolbar" }, isEphemeral(message) ? null : react, more);
}
