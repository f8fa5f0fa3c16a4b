// Draws one message: who and when, text, embeds, files, controls, thread, reactions, and what only one person sees.

import { renderAttachment } from "./attachments.js";
import { avatar } from "./avatars.js";
import { dots } from "./components.js";
import { h, spoken } from "./dom.js";
import { renderEmbed } from "./embeds.js";
import { icon } from "./icons.js";
import { renderComponents } from "./layouts.js";
import { renderMarkdown } from "./markdown_dom.js";
import { onMenuPress } from "./long_press.js";
import { openMessageMenu } from "./menu.js";
import { mayReply } from "./message_acts.js";
import { renderForwards, renderPoll } from "./message_parts.js";
import { plainText } from "./plain_text.js";
import { openReactionPicker, quickReactions, renderReactions } from "./reactions.js";
import { systemText } from "./system_messages.js";
import { threadChip } from "./thread_chip.js";
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
    system ? systemRow(message, system, ui) : ordinary(message, isGrouped, activity, ui),
    toolbar(message, ui),
  );
  onMenuPress(item, (point) => openMessageMenu(message, item, ui, point));
  return item;
}

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

function systemRow(message, text, ui) {
  return h(
    "div",
    { class: "system-row" },
    h("span", { class: "system-mark" }, icon(text.mark)),
    h("div", {}, text.nodes, " ", messageTime(message.timestamp), threadChip(message, ui)),
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

/** The line above a reply or an application's answer, with a spine that leads down to the avatar. */
function origin(message, ui) {
  const used = message.interaction ?? message.interaction_metadata;
  if (used?.user && used.type === 2) {
    const name = message.interaction?.name ?? message.interaction_metadata?.name;
    const isOfMenu = ui.store.commands.some((command) => command.name === name && command.type !== 1);
    const shown = name ? `${isOfMenu ? "" : "/"}${name}` : "a command";
    return spined(used.user, ui, [" used ", h("span", { class: "mention" }, shown)]);
  }
  if (message.type !== 19) return null;
  const replied = message.referenced_message;
  if (!replied) return h("div", { class: "message-origin is-spined" }, "Original message was deleted");
  const isPinged = (message.mentions ?? []).some((user) => user.id === replied.author.id);
  const open = () => ui.openChannel(message.channel_id, replied.id);
  const text = h(
    "button",
    { type: "button", class: "link-button", "data-testid": "replied", "data-focus-key": "replied", on: { click: open } },
    plainText(replied, ui.store),
  );
  return spined(replied.author, ui, [" ", text], isPinged ? "@" : "");
}

function spined(user, { store }, rest, sign = "") {
  return h(
    "div",
    { class: "message-origin is-spined" },
    avatar(store.user(user.id) ?? user, "tiny"),
    h("strong", {}, `${sign}${store.displayName(user)}`),
    rest,
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
    renderForwards(message, ui),
    renderPoll(message),
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
    dots(),
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
      "Dismiss message",
    ),
  );
}

function toolbar(message, ui) {
  const isForAll = !isEphemeral(message);
  const button = (name, mark, attributes, act) => {
    const shown = { type: "button", class: "icon-button", "aria-label": name, title: name, ...attributes };
    const made = h("button", shown, icon(mark));
    made.addEventListener("click", () => act(made));
    return made;
  };
  const opens = (kind) => ({ "aria-haspopup": kind, "aria-expanded": "false" });
  return h(
    "div",
    { class: "message-toolbar" },
    isForAll ? quickReactions(message, ui) : null,
    isForAll
      ? button("Add reaction", "smile", { ...opens("dialog"), "data-focus-key": "react" }, (made) =>
          openReactionPicker(message, made, ui),
        )
      : null,
    mayReply(message) ? button("Reply", "reply", { "data-focus-key": "reply" }, () => ui.reply(message)) : null,
    button(
      "More actions",
      "more",
      { ...opens("menu"), "data-testid": "message-more", "data-focus-key": "more" },
      (made) => openMessageMenu(message, made, ui),
    ),
  );
}
