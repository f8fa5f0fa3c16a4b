// Draws a code block: its language, a button that copies it, and its words in colour.

import { diffLines, isDiff } from "./diff.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";

const KEYWORDS = new Set(
  ("and as async await break case catch class const continue def default defer delete do elif else enum except export " +
    "extends false False finally fn for from func function global if implements import in interface is lambda let " +
    "match mut new nil None not null or package pass pub raise return self static struct super switch this throw true " +
    "True try type undefined use var void while with yield SELECT FROM WHERE INSERT INTO UPDATE SET DELETE CREATE TABLE")
    .split(" "),
);
const HASH = /^(py|python|sh|bash|zsh|shell|console|rb|ruby|ya?ml|toml|ini|conf|makefile|dockerfile|r|perl)$/i;
const STRING = String.raw`"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'`;
const REST = String.raw`(?<number>\b\d[\w.]*)|(?<word>[A-Za-z_]\w*)`;
const HASHED = new RegExp(`(?<comment>#.*)|(?<string>${STRING})|${REST}`, "g");
const SLASHED = new RegExp(`(?<comment>//.*|/\\*[^]*?\\*/)|(?<string>${STRING})|${REST}`, "g");

export function codeBlock({ language, code }) {
  const copied = h("span", { role: "status", class: "visually-hidden" });
  const button = h(
    "button",
    { type: "button", class: "icon-button code-copy", "aria-label": "Copy code", title: "Copy" },
    icon("copy"),
  );
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(code);
      copied.textContent = "Copied";
    } catch {
      copied.textContent = "The browser did not allow copying";
    }
    button.title = copied.textContent;
    button.classList.add("is-done");
    setTimeout(() => button.classList.remove("is-done"), 1500);
  });
  return h(
    "div",
    { class: "code-block" },
    language ? h("span", { class: "code-language", "aria-hidden": "true" }, language) : null,
    button,
    copied,
    h(
      "pre",
      { class: "md-codeblock", tabindex: "0", "aria-label": `Code ${language}`.trim(), role: "region" },
      h("code", {}, isDiff(language) ? diffLines(code) : coloured(language, code)),
    ),
  );
}

/** The code as nodes; joined they are the code itself. Without a language nothing is coloured, as in Discord. */
function coloured(language, code) {
  if (!language) return [code];
  const nodes = [];
  let at = 0;
  for (const match of code.matchAll(HASH.test(language) ? HASHED : SLASHED)) {
    const kind = kindOf(match);
    if (!kind) continue;
    nodes.push(code.slice(at, match.index), h("span", { class: `code-${kind}` }, match[0]));
    at = match.index + match[0].length;
  }
  nodes.push(code.slice(at));
  return nodes;
}

function kindOf({ groups }) {
  if (groups.word) return KEYWORDS.has(groups.word) ? "keyword" : null;
  return ["comment", "string", "number"].find((kind) => groups[kind]);
}
