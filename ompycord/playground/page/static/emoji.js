// Shows emoji of components, reactions and selects; custom ones as their name, since the page loads no foreign pictures.

import { h } from "./dom.js";

export const PICKABLE = [
  ["👍", "thumbs up"],
  ["👎", "thumbs down"],
  ["✅", "check mark"],
  ["❌", "cross"],
  ["🚀", "rocket"],
  ["👀", "eyes"],
  ["🎉", "party"],
  ["❤️", "heart"],
  ["😄", "smile"],
  ["🤔", "thinking"],
  ["🔥", "fire"],
  ["🛑", "stop"],
];

/** Takes Discord's emoji object or a plain string. */
export function emojiText(emoji) {
  if (!emoji) return "";
  if (typeof emoji === "string") return emoji;
  return emoji.id ? `:${emoji.name}:` : (emoji.name ?? "");
}

export function emojiElement(emoji) {
  const text = emojiText(emoji);
  return text ? h("span", { class: emoji.id ? "custom-emoji" : "emoji", "aria-hidden": "true" }, text) : null;
}
