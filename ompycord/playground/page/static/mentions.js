// Completes @names and #channels in the composer and turns them into Discord's mentions when the message is sent.

import { withEmoji } from "./emoji.js";
import { entityOptions, matching } from "./entities.js";

const AT_CARET = /(^|\s)([@#])([\w-]{0,32})$/;

/** What is being named at the caret: {sign, typed, start}, or null. */
export function mentionAt(text, caret) {
  const match = AT_CARET.exec(text.slice(0, caret));
  return match ? { sign: match[2], typed: match[3], start: caret - match[3].length - 1 } : null;
}

export function mentionOptions(sign, typed, store) {
  return matching(entityOptions(sign === "@" ? "mentionable" : "channel", store), typed).slice(0, 10);
}

/** Known names become mentions, longest first; everything else stays as it was typed. */
export function withMentions(text, store) {
  const names = [
    ...entityOptions("user", store).map((option) => [`@${option.label}`, `<@${option.value}>`]),
    ...entityOptions("role", store).map((option) => [`@${option.label}`, `<@&${option.value}>`]),
    ...entityOptions("channel", store).map((option) => [`#${option.label}`, `<#${option.value}>`]),
  ].sort(([a], [b]) => b.length - a.length);
  let result = "";
  for (let at = 0; at < text.length;) {
    const isStart = at === 0 || /\s|[(]/.test(text[at - 1]);
    const found =
      isStart && names.find(([name]) => text.startsWith(name, at) && !/[\w-]/.test(text[at + name.length] ?? ""));
    result += found ? found[1] : text[at];
    at += found ? found[0].length : 1;
  }
  return withEmoji(result);
}
