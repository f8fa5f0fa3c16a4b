// Colours a diff by its lines, in code blocks marked `diff` and in previews of .diff and .patch files.

import { h } from "./dom.js";

const KINDS = [
  [/^(\+\+\+|---|diff |index )/, "diff-head"],
  [/^@@/, "diff-head"],
  [/^\+/, "diff-added"],
  [/^-/, "diff-removed"],
];

export const isDiff = (name) => /(^|\.)(diff|patch)$/i.test(name);

/** The text's lines as nodes; joined they are the text itself. */
export function diffLines(text) {
  return text.split(/(?<=\n)/).map((line) => {
    const kind = KINDS.find(([start]) => start.test(line))?.[1];
    return kind ? h("span", { class: kind }, line) : line;
  });
}
