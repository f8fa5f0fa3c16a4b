// Reads and draws GitHub's markdown as far as pull requests use it; text never becomes markup, and no picture is loaded.

import { codeBlock } from "../code_block.js";
import { h, spoken } from "../dom.js";
import { safeLink } from "../markdown_inline.js";
import { pageAddress } from "./requests.js";

/** Nesting beyond this is shown as the text it is: hostile input must not cost a deep stack. */
const DEEPEST = 8;
const FENCE = /^ {0,3}(`{3,}|~{3,})\s*([^\s`]*)/;
const HEADING = /^(#{1,6}) +(\S.*?)(?: +#+)?\s*$/;
const ITEM = /^( *)([-*+]|\d{1,9}[.)]) +(.*)$/;
const RULE = /^ {0,3}([-*_])(?: *\1){2,} *$/;
const ROW = /^ *\|.*\| *$/;
const DIVIDER = /^ *\|(?: *:?-+:? *\|)+ *$/;
const INLINE =
  /(?<code>(?<!`)(?<ticks>`+)(?!`)(?<inside>[^`]|[^`][^]*?[^`])\k<ticks>(?!`))|\\(?<escaped>[!-/:-@[-`{-~])|(?<picture>!)?\[(?<label>(?:\\.|[^[\]\\])*)\]\(\s*<?(?<target>[^\s()<>]+)>?(?:\s+"[^"]*")?\s*\)|<(?<auto>https?:\/\/[^\s<>]+)>|(?<bare>https?:\/\/[^\s<]*[^\s<.,:;"')\]*_~])|\*\*(?<bold>\S(?:[^]*?\S)?)\*\*|__(?<strong>\S(?:[^]*?\S)?)__(?!\w)|~~(?<struck>\S(?:[^]*?\S)?)~~|\*(?<italic>[^\s*](?:[^*]*[^\s*])?)\*|(?<!\w)_(?<slanted>[^\s_](?:[^_]*[^\s_])?)_(?!\w)/g;

/** The text as DOM nodes. HTML comments are left out, as GitHub does; any other markup stays text. */
export function renderMarkdown(text) {
  return blocks(withoutComments((text ?? "").replace(/\r\n?/g, "\n")).split("\n"), 0);
}

/** Comments outside of code blocks. */
function withoutComments(text) {
  return text.replace(/(^ {0,3}(`{3,}|~{3,})[^]*?^ {0,3}\2[`~]*\s*$)|<!--[^]*?-->/gm, (_, code) => code ?? "");
}

function blocks(lines, depth) {
  const made = [];
  let at = 0;
  while (at < lines.length) {
    const [node, next] = blockAt(lines, at, depth);
    if (node) made.push(node);
    at = next;
  }
  return made;
}

function blockAt(lines, at, depth) {
  const line = lines[at];
  if (!line.trim()) return [null, at + 1];
  const fence = FENCE.exec(line);
  if (fence) return code(lines, at, fence);
  const heading = HEADING.exec(line);
  if (heading) return [title(heading), at + 1];
  if (RULE.test(line)) return [h("hr", {}), at + 1];
  if (ROW.test(line) && DIVIDER.test(lines[at + 1] ?? "")) return table(lines, at);
  if (depth < DEEPEST && /^ {0,3}>/.test(line)) return quote(lines, at, depth);
  if (depth < DEEPEST && /^ *<details>/i.test(line)) return folded(lines, at, depth);
  if (depth < DEEPEST && ITEM.test(line)) return list(lines, at, depth);
  return paragraph(lines, at);
}

function code(lines, at, [, mark, language]) {
  const end = lines.findIndex((line, index) => index > at && new RegExp(`^ {0,3}${mark[0]}{${mark.length},}\\s*$`).test(line));
  const last = end < 0 ? lines.length : end;
  const name = language === "text" ? "" : language;
  return [codeBlock({ language: name, code: lines.slice(at + 1, last).join("\n") }), last + 1];
}

function title([, marks, text]) {
  const level = Math.min(6, marks.length + 2);
  return h("div", { class: `md-heading md-heading-${Math.min(3, marks.length)}`, role: "heading", "aria-level": level }, inline(text));
}

function quote(lines, at, depth) {
  let end = at;
  while (end < lines.length && /^ {0,3}>/.test(lines[end])) end += 1;
  const inside = lines.slice(at, end).map((line) => line.replace(/^ {0,3}> ?/, ""));
  return [h("blockquote", { class: "md-quote" }, blocks(inside, depth + 1)), end];
}

/** `<details>`, closed like the reader finds it on GitHub; a summary in the next line or the same. */
function folded(lines, at, depth) {
  let open = 0;
  let end = at;
  for (; end < lines.length; end += 1) {
    open += (lines[end].match(/<details>/gi) ?? []).length - (lines[end].match(/<\/details>/gi) ?? []).length;
    if (open <= 0) break;
  }
  const inside = lines.slice(at, Math.min(end + 1, lines.length)).join("\n")
    .replace(/^ *<details>/i, "").replace(/<\/details>\s*$/i, "");
  const summary = /^\s*<summary>([^]*?)<\/summary>/i.exec(inside);
  const rest = summary ? inside.slice(summary[0].length) : inside;
  return [
    h("details", { class: "md-details" }, h("summary", {}, inline(summary?.[1] ?? "Details")), blocks(rest.split("\n"), depth + 1)),
    end + 1,
  ];
}

function table(lines, at) {
  const cells = (line) => line.trim().slice(1, -1).split(/(?<!\\)\|/).map((cell) => inline(cell.trim()));
  let end = at + 2;
  while (end < lines.length && ROW.test(lines[end])) end += 1;
  const rows = lines.slice(at + 2, end).map(cells);
  return [
    h(
      "div",
      { class: "md-table", tabindex: "0", role: "region", "aria-label": "Table" },
      h(
        "table",
        {},
        h("thead", {}, h("tr", {}, cells(lines[at]).map((cell) => h("th", { scope: "col" }, cell)))),
        h("tbody", {}, rows.map((row) => h("tr", {}, row.map((cell) => h("td", {}, cell))))),
      ),
    ),
    end,
  ];
}

function list(lines, at, depth) {
  const [, indent, mark] = ITEM.exec(lines[at]);
  const isOrdered = /\d/.test(mark);
  const items = [];
  let end = at;
  while (end < lines.length) {
    const match = ITEM.exec(lines[end]);
    if (!match || match[1].length !== indent.length || /\d/.test(match[2]) !== isOrdered) break;
    const inside = [match[3]];
    end += 1;
    const inner = indent.length + 2;
    while (end < lines.length && (new RegExp(`^ {${inner},}\\S`).test(lines[end]) || isGap(lines, end, inner))) {
      inside.push(lines[end].slice(inner));
      end += 1;
    }
    items.push(item(inside, depth));
  }
  return [h(isOrdered ? "ol" : "ul", { class: "md-list", start: isOrdered ? Number.parseInt(mark, 10) : null }, items), end];
}

const isGap = (lines, at, inner) => !lines[at].trim() && new RegExp(`^ {${inner},}\\S`).test(lines[at + 1] ?? "");

function item([first, ...rest], depth) {
  const task = /^\[([ xX])\] +(.*)$/.exec(first);
  const box = task
    ? [h("span", { class: "task-box", "aria-hidden": "true" }, task[1] === " " ? "☐" : "☑"), spoken(task[1] === " " ? "To do: " : "Done: ")]
    : [];
  return h("li", {}, box, inline(task ? task[2] : first), blocks(rest, depth + 1));
}

function paragraph(lines, at) {
  let end = at + 1;
  while (end < lines.length && lines[end].trim() && !startsBlock(lines, end)) end += 1;
  const text = lines.slice(at, end);
  return [h("p", { class: "md-block" }, text.flatMap((line, index) => (index ? [h("br", {}), inline(line)] : inline(line)))), end];
}

function startsBlock(lines, at) {
  const line = lines[at];
  return FENCE.test(line) || HEADING.test(line) || ITEM.test(line) || /^ {0,3}>/.test(line) ||
    /^ *<details>/i.test(line) || (ROW.test(line) && DIVIDER.test(lines[at + 1] ?? ""));
}

/** One line's worth of text as nodes. */
export function inline(text, depth = 0, isInLink = false) {
  if (depth > DEEPEST) return [text];
  const nodes = [];
  let at = 0;
  for (const match of text.matchAll(INLINE)) {
    nodes.push(text.slice(at, match.index), drawn(match, depth, isInLink));
    at = match.index + match[0].length;
  }
  nodes.push(text.slice(at));
  return nodes;
}

function drawn({ 0: whole, groups }, depth, isInLink) {
  if (groups.code) return h("code", { class: "md-code" }, groups.inside.replace(/^ ([^]*\S[^]*) $/, "$1"));
  if (groups.escaped) return groups.escaped;
  if (groups.target !== undefined) return (isInLink ? null : link(groups.target, groups.label, depth)) ?? whole;
  const address = groups.auto ?? groups.bare;
  if (address) return (isInLink ? null : link(address, "", depth)) ?? whole;
  const strong = groups.bold ?? groups.strong;
  if (strong) return h("strong", {}, inline(strong, depth + 1, isInLink));
  if (groups.struck) return h("s", {}, inline(groups.struck, depth + 1, isInLink));
  return h("em", {}, inline(groups.italic ?? groups.slanted, depth + 1, isInLink));
}

/** A link with a label, in which no other link is; without one its address is what is read. */
function link(target, label, depth) {
  const href = safeLink(target);
  if (!href) return null;
  const shown = label ? inline(label, depth + 1, true) : target;
  return h("a", { href: pageAddress(href), target: "_blank", rel: "noopener noreferrer nofollow", title: href }, shown);
}
