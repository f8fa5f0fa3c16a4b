// Draws reactions and the small picker that adds them.

import { api } from "./api.js";
import { emojiKey } from "./dispatches.js";
import { glyph, h } from "./dom.js";
import { emojiText, PICKABLE } from "./emoji.js";
import { moveWithArrows, openPopover } from "./popover.js";

const QUICK = 3;

export function renderReactions(message, ui) {
  if (!message.reactions?.length) return null;
  const chips = message.reactions.map((reaction) => {
    const key = emojiKey(reaction.emoji);
    const text = emojiText(reaction.emoji);
    return h(
      "button",
      {
        type: "button",
        class: "reaction",
        "aria-pressed": String(Boolean(reaction.me)),
        "aria-label": `${text}, ${reaction.count} ${reaction.count === 1 ? "reaction" : "reactions"}`,
        "data-testid": "reaction",
        "data-emoji": key,
        "data-focus-key": `reaction-${key}`,
        on: { click: () => toggle(message, key, Boolean(reaction.me), ui) },
      },
      h("span", { class: "emoji", "aria-hidden": "true" }, text),
      h("span", { class: "reaction-count" }, String(reaction.count)),
    );
  });
  return h("div", { class: "reactions", role: "group", "aria-label": "Reactions" }, chips);
}

async function toggle(message, emoji, remove, ui) {
  const reaction = { user: ui.store.me, channel: message.channel_id, message: message.id, emoji };
  try {
    await api.react(remove ? { ...reaction, remove: true } : reaction);
  } catch (error) {
    ui.notify(error.message);
  }
}

/** The first few reactions at one press; by keyboard they are in the picker beside them. */
export function quickReactions(message, ui) {
  return PICKABLE.slice(0, QUICK).map(([emoji, name]) => {
    const mine = () => message.reactions?.some((reaction) => reaction.me && emojiKey(reaction.emoji) === emoji);
    return h(
      "button",
      {
        type: "button",
        class: "icon-button quick-reaction",
        tabindex: "-1",
        "aria-label": `React with ${name}`,
        title: `React with ${name}`,
        on: { click: () => toggle(message, emoji, Boolean(mine()), ui) },
      },
      glyph(emoji),
    );
  });
}

/** Opens the picker beside `opener`; a reaction the person already gave is taken back. */
export function openReactionPicker(message, opener, ui, point = null) {
  const panel = h("div", {
    class: "emoji-picker",
    role: "dialog",
    "aria-label": "Add a reaction",
    "data-testid": "reaction-picker",
  });
  let close = null;
  for (const [emoji, name] of PICKABLE) {
    const mine = message.reactions?.some((reaction) => reaction.me && emojiKey(reaction.emoji) === emoji);
    const pick = () => {
      close();
      toggle(message, emoji, Boolean(mine), ui);
    };
    panel.append(
      h(
        "button",
        { type: "button", class: "emoji-choice", "aria-label": name, "data-emoji": emoji, on: { click: pick } },
        glyph(emoji),
      ),
    );
  }
  moveWithArrows(panel, "button");
  close = openPopover(panel, opener, { point });
  panel.firstElementChild.focus();
}
