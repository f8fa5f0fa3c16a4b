// Reads Discord's markdown into a tree of plain objects; markdown_dom.js draws it. Pure, and linear up to its depth limit.

import { parseInline } from "./markdown_inline.js";

/** Nesting beyond this is shown as the text it is: hostile input must not cost a deep stack. */
const DEEPEST = 8;
const HEADING = /^(#{1,3}) +(\S.*)$/;
const SUBTEXT = /^-# +(\S.*)$/;
const LIST_ITEM = /^( *)([-*]|\d{1,9}\.) +(\S.*)$/;
const QUOTE = /^> (.*)$|^>$/;

/** Whole messages and long embed texts: blocks (quotes, lists, headings, code) around inline text. */
export function parseMarkdown(text) {
  return parseBlocks(text.replace(/\r\n?/g, "\n"), 0);
}

export { parseInline };

function parseBlocks(text, depth) {
  const blocks = [];
  let loose = "";
  const flush = () => {
    const kept = blocks.length ? loose.replace(/^\n/, "") : loose;
    if (kept.replace(/\n$/, "")) blocks.push({ type: "paragraph", children: parseInline(kept.replace(/\n$/, "")) });
    loose = "";
  };
  let at = 0;
  while (at < text.length) {
    const block = depth < DEEPEST && blockAt(text, at, depth);
    if (block) {
      flush();
      blocks.push(block.node);
      at = block.end;
      continue;
    }
    const fence = fenceInLine(text, at);
    if (fence) {
      loose += text.slice(at, fence.start);
      flush();
      blocks.push(fence.node);
      at = text[fence.end] === "\n" ? fence.end + 1 : fence.end;
      continue;
    }
    const end = lineEnd(text, at);
    loose += text.slice(at, end);
    at = end;
  }
  flush();
  return blocks;
}

/** The position after the newline that ends the line at `at`. */
function lineEnd(text, at) {
  const end = text.indexOf("\n", at);
  return end < 0 ? text.length : end + 1;
}

function lineAt(text, at) {
  return text.slice(at, lineEnd(text, at)).replace(/\n$/, "");
}

function blockAt(text, at, depth) {
  if (at > 0 && text[at - 1] !== "\n") return null;
  if (text.startsWith(">>> ", at)) {
    return { node: { type: "quote", children: parseBlocks(text.slice(at + 4), depth + 1) }, end: text.length };
  }
  const line = lineAt(text, at);
  if (QUOTE.test(line)) return quoteAt(text, at, depth);
  const heading = HEADING.exec(line);
  if (heading)
    return {
      node: { type: "heading", level: heading[1].length, children: parseInline(heading[2]) },
      end: lineEnd(text, at),
    };
  const subtext = SUBTEXT.exec(line);
  if (subtext) return { node: { type: "subtext", children: parseInline(subtext[1]) }, end: lineEnd(text, at) };
  return LIST_ITEM.test(line) ? listAt(text, at) : null;
}

function quoteAt(text, start, depth) {
  const lines = [];
  let at = start;
  while (at < text.length) {
    const match = QUOTE.exec(lineAt(text, at));
    if (!match) break;
    lines.push(match[1] ?? "");
    at = lineEnd(text, at);
  }
  return { node: { type: "quote", children: parseBlocks(lines.join("\n"), depth + 1) }, end: at };
}

function listAt(text, start) {
  const items = [];
  let at = start;
  while (at < text.length) {
    const match = LIST_ITEM.exec(lineAt(text, at));
    if (!match || isOtherList(match, items[0])) break;
    items.push({
      indent: match[1].length,
      ordered: match[2].endsWith("."),
      number: Number.parseInt(match[2], 10),
      text: match[3],
    });
    at = lineEnd(text, at);
  }
  return { node: nest(items, 0, items.length, 0), end: at };
}

/** Numbers after bullets, or bullets after numbers, begin a list of their own. */
function isOtherList(match, first) {
  return first && match[1].length <= first.indent && match[2].endsWith(".") !== first.ordered;
}

/** Turns flat items into nested lists: a deeper indent belongs to the item above it. */
function nest(items, from, to, depth) {
  const first = items[from];
  const list = { type: "list", ordered: first.ordered, start: first.ordered ? first.number : 1, items: [] };
  let index = from;
  while (index < to) {
    const item = items[index];
    let after = index + 1;
    while (after < to && items[after].indent > item.indent && depth < DEEPEST) after += 1;
    const children = parseInline(item.text);
    if (after > index + 1) children.push(...split(items, index + 1, after, depth + 1));
    list.items.push(children);
    index = after;
  }
  return list;
}

/** The lists beneath an item: another one where bullets and numbers change. */
function split(items, from, to, depth) {
  const lists = [];
  let start = from;
  for (let at = from + 1; at < to; at += 1) {
    if (items[at].indent > items[start].indent || items[at].ordered === items[start].ordered) continue;
    lists.push(nest(items, start, at, depth));
    start = at;
  }
  return [...lists, nest(items, start, to, depth)];
}

/** The first code block that opens in the line at `at`, wherever it closes. */
function fenceInLine(text, at) {
  const start = text.indexOf("```", at);
  if (start < 0 || start >= lineEnd(text, at) || text[start - 1] === "\\") return null;
  const close = text.indexOf("```", start + 3);
  if (close < 0) return null;
  let end = close + 3;
  while (text[end] === "`") end += 1;
  const body = text.slice(start + 3, end - 3);
  const language = /^([A-Za-z0-9_+\-.#]{1,32})\n/.exec(body);
  const code = (language ? body.slice(language[0].length) : body).replace(/^\n+/, "").replace(/\n+$/, "");
  if (!code.trim()) return null;
  return { start, end, node: { type: "codeblock", language: language?.[1] ?? "", code } };
}
