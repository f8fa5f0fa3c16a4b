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

const NAMES = {
  "+1": "👍", thumbsup: "👍", "-1": "👎", thumbsdown: "👎", white_check_mark: "✅", x: "❌", rocket: "🚀", eyes: "👀",
  tada: "🎉", heart: "❤️", smile: "😄", thinking: "🤔", fire: "🔥", octagonal_sign: "🛑", warning: "⚠️", bug: "🐛",
  bulb: "💡", memo: "📝", mag: "🔍", robot: "🤖", wave: "👋", pray: "🙏", clap: "👏", sparkles: "✨", star: "⭐",
};

/** Names such as `:rocket:` become what they name; unknown ones and custom emoji stay. */
export function withEmoji(text) {
  return text.replace(/(?<![<\w]a?):([\w+-]+):(?!\d)/g, (whole, name) => NAMES[name] ?? whole);
}

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
