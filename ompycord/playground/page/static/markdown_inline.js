// Reads the inline part of Discord's markdown (emphasis, code, links, mentions, timestamps) into a tree of plain objects.

import { LATEST_UNIX_S } from "./timestamps.js";

const DEEPEST = 8;
const URL_TEXT = /https?:\/\/[^\s<]+[^<.,:;"')\]\s*_~|]/y;
const AUTOLINK = /<(https?:\/\/[^\s<>]+)>/y;
const MASKED =
  /\[((?:\\.|[^[\]\\]){1,1000})\]\(\s*<?([^\s()<>]{1,2048}(?:\([^\s()<>]*\)[^\s()<>]*)*)>?(?:\s+["'][^\n]{0,500}?["'])?\s*\)/y;
const ANGLED = [
  [/<@!?(\d{1,20})>/y, (match) => ({ type: "user", id: match[1] })],
  [/<@&(\d{1,20})>/y, (match) => ({ type: "role", id: match[1] })],
  [/<#(\d{1,20})>/y, (match) => ({ type: "channel", id: match[1] })],
  [/<\/([^:<>]{1,100}):(\d{1,20})>/y, (match) => ({ type: "command", name: match[1], id: match[2] })],
  [/<(a?):(\w{1,32}):(\d{1,20})>/y, (match) => ({ type: "emoji", name: match[2] })],
  [/<t:(-?\d{1,13})(?::([tTdDfFRsS]))?>/y, timestamp],
];
const PAIRS = [
  ["**", "bold"],
  ["__", "underline"],
  ["~~", "strike"],
  ["||", "spoiler"],
];
const WORD = /[0-9A-Za-z_]/;

function timestamp(match) {
  const unix = Number(match[1]);
  return Math.abs(unix) > LATEST_UNIX_S ? null : { type: "timestamp", unix, style: match[2] ?? "f" };
}

function matchAt(pattern, text, at) {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

/** Only the web's own schemes may become links; everything else stays text. */
export function safeLink(address) {
  try {
    const url = new URL(address);
    return url.protocol === "https:" || url.protocol === "http:" ? url.href : null;
  } catch {
    return null;
  }
}

/** Titles, names and the inside of blocks. */
export function parseInline(text, depth = 0, isInLink = false) {
  return new InlineReader(text, depth, isInLink).read();
}

class InlineReader {
  #nodes = [];
  #plain = "";
  #at = 0;
  /** Delimiters known to have no end ahead: what fails once is not searched again, so reading stays linear. */
  #unclosed = new Set();

  constructor(text, depth, isInLink) {
    this.text = text;
    this.depth = depth;
    this.isInLink = isInLink;
  }

  read() {
    while (this.#at < this.text.length) {
      const found = this.#special();
      if (found) {
        this.#flush();
        this.#nodes.push(found.node);
        this.#at = found.end;
      } else if (this.text[this.#at] === "\\" && /[^0-9A-Za-z\s]/.test(this.text[this.#at + 1] ?? "")) {
        this.#plain += this.text[this.#at + 1];
        this.#at += 2;
      } else {
        this.#plain += this.text[this.#at];
        this.#at += 1;
      }
    }
    this.#flush();
    return this.#nodes;
  }

  #flush() {
    if (this.#plain) this.#nodes.push({ type: "text", text: this.#plain });
    this.#plain = "";
  }

  #special() {
    switch (this.text[this.#at]) {
      case "`":
        return this.#code();
      case "*":
      case "_":
      case "~":
      case "|":
        return this.depth < DEEPEST ? (this.#pair() ?? this.#italic()) : null;
      case "<":
        return this.#angled();
      case "[":
        return this.isInLink || this.depth >= DEEPEST ? null : this.#masked();
      case "h":
        return this.isInLink ? null : this.#url();
      case "@":
        return this.#everyone();
      default:
        return null;
    }
  }

  #code() {
    const end = this.#codeEnd(this.#at);
    if (!end) return null;
    const ticks = /^`+/.exec(this.text.slice(this.#at, end))[0].length;
    const code = this.text.slice(this.#at + ticks, end - ticks);
    return { node: { type: "code", code: /^ .*[^ ].* $/s.test(code) ? code.slice(1, -1) : code }, end };
  }

  /** Where the code that opens at `from` ends, or 0. */
  #codeEnd(from) {
    let start = from;
    while (this.text[start] === "`") start += 1;
    const ticks = this.text.slice(from, start);
    if (this.#unclosed.has(ticks)) return 0;
    let at = start;
    while ((at = this.text.indexOf(ticks, at)) >= 0) {
      let end = at;
      while (this.text[end] === "`") end += 1;
      if (end - at === ticks.length) return end;
      at = end;
    }
    this.#unclosed.add(ticks);
    return 0;
  }

  #pair() {
    for (const [delimiter, type] of PAIRS) {
      if (!this.text.startsWith(delimiter, this.#at)) continue;
      const close = this.#closing(delimiter, this.#at + 2);
      if (close > this.#at + 2) return this.#nested(type, this.#at + 2, close, close + 2);
    }
    return null;
  }

  #closing(delimiter, from) {
    if (this.#unclosed.has(delimiter)) return -1;
    for (let at = from; at < this.text.length; at += 1) {
      if (this.text[at] === "\\") at += 1;
      else if (this.text[at] === "`") at = Math.max(at, this.#codeEnd(at) - 1);
      else if (at > from && this.text.startsWith(delimiter, at) && this.text[at + 2] !== delimiter[0]) return at;
    }
    this.#unclosed.add(delimiter);
    return -1;
  }

  #italic() {
    const mark = this.text[this.#at];
    const next = this.text[this.#at + 1];
    if ((mark !== "*" && mark !== "_") || !next || (mark === "*" && /\s/.test(next))) return null;
    if (mark === "_" && WORD.test(this.text[this.#at - 1] ?? "")) return null;
    const close = this.#italicEnd(mark, this.#at + 1);
    return close > this.#at + 1 ? this.#nested("italic", this.#at + 1, close, close + 1) : null;
  }

  #italicEnd(mark, from) {
    const key = `${mark}1`;
    if (this.#unclosed.has(key)) return -1;
    for (let at = from; at < this.text.length; at += 1) {
      const here = this.text[at];
      if (here === "\\") at += 1;
      else if (here === "`") at = Math.max(at, this.#codeEnd(at) - 1);
      else if (here === mark && this.text[at + 1] === mark) at += 1;
      else if (here === mark && this.#mayEndItalic(mark, at)) return at;
    }
    this.#unclosed.add(key);
    return -1;
  }

  #mayEndItalic(mark, at) {
    return mark === "*" ? !/\s/.test(this.text[at - 1]) : !WORD.test(this.text[at + 1] ?? "");
  }

  #nested(type, from, to, end) {
    return { node: { type, children: parseInline(this.text.slice(from, to), this.depth + 1, this.isInLink) }, end };
  }

  #angled() {
    for (const [pattern, build] of ANGLED) {
      const match = matchAt(pattern, this.text, this.#at);
      const node = match && build(match);
      if (node) return { node, end: pattern.lastIndex };
    }
    const link = this.isInLink ? null : matchAt(AUTOLINK, this.text, this.#at);
    const href = link && safeLink(link[1]);
    return href
      ? { node: { type: "link", href, children: [{ type: "text", text: link[1] }] }, end: AUTOLINK.lastIndex }
      : null;
  }

  /** A label that looks like an address could lie about where it leads: Discord leaves such a link as text, so do we. */
  #masked() {
    const match = matchAt(MASKED, this.text, this.#at);
    const href = match && !/https?:\/\//i.test(match[1]) ? safeLink(match[2]) : null;
    if (!href) return null;
    return {
      node: { type: "link", href, isMasked: true, children: parseInline(match[1], this.depth + 1, true) },
      end: this.#at + match[0].length,
    };
  }

  #url() {
    if (WORD.test(this.text[this.#at - 1] ?? "")) return null;
    const match = matchAt(URL_TEXT, this.text, this.#at);
    const href = match && safeLink(match[0]);
    return href
      ? { node: { type: "link", href, children: [{ type: "text", text: match[0] }] }, end: this.#at + match[0].length }
      : null;
  }

  #everyone() {
    const match = /^@(everyone|here)\b/.exec(this.text.slice(this.#at, this.#at + 10));
    return match ? { node: { type: "everyone", name: match[0] }, end: this.#at + match[0].length } : null;
  }
}
