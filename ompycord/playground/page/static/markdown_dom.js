// Draws a markdown tree as DOM nodes, with names for mentions taken from the store.

import { openedAddress } from "./api.js";
import { codeBlock } from "./code_block.js";
import { h } from "./dom.js";
import { parseInline, parseMarkdown } from "./markdown.js";
import { timeElement } from "./timestamps.js";

/** `context`: {store, openChannel(id, message?), openCommand(id, name)}. */
export function renderMarkdown(text, context) {
  return parseMarkdown(text ?? "").map((node) => draw(node, context));
}

export function renderInline(text, context) {
  return parseInline((text ?? "").replace(/\s*\n\s*/g, " ")).map((node) => draw(node, context));
}

const drawAll = (nodes, context) => nodes.map((node) => draw(node, context));
const wrap = (tag, className) => (node, context) => h(tag, { class: className }, drawAll(node.children, context));

const DRAW = {
  text: (node) => node.text,
  paragraph: wrap("p", "md-paragraph"),
  quote: wrap("blockquote", "md-quote"),
  heading: (node, context) =>
    h(
      "div",
      { class: `md-heading md-heading-${node.level}`, role: "heading", "aria-level": node.level + 2 },
      drawAll(node.children, context),
    ),
  subtext: wrap("p", "md-subtext"),
  list: (node, context) =>
    h(
      node.ordered ? "ol" : "ul",
      { class: "md-list", start: node.ordered ? node.start : null },
      node.items.map((item) => h("li", {}, drawAll(item, context))),
    ),
  codeblock: codeBlock,
  code: (node) => h("code", { class: "md-code" }, node.code),
  bold: wrap("strong"),
  italic: wrap("em"),
  underline: wrap("u"),
  strike: wrap("s"),
  spoiler,
  link,
  user: (node, { store }) => {
    const known = store.user(node.id);
    return h(
      "span",
      { class: known?.id === store.me ? "mention mention-me" : "mention" },
      known ? `@${store.displayName(known)}` : `<@${node.id}>`,
    );
  },
  role: (node, { store }) => h("span", { class: "mention" }, `@${store.role(node.id)?.name ?? "deleted-role"}`),
  channel: (node, context) => channelLink(node.id, null, context),
  command: (node, context) =>
    h(
      "button",
      {
        type: "button",
        class: "mention mention-command",
        on: { click: () => context.openCommand(node.id, node.name) },
      },
      `/${node.name}`,
    ),
  emoji: (node) => h("span", { class: "custom-emoji", role: "img", "aria-label": node.name }, `:${node.name}:`),
  timestamp: (node) => timeElement(new Date(node.unix * 1000), node.style),
  everyone: (node) => h("span", { class: "mention" }, node.name),
};

function draw(node, context) {
  return DRAW[node.type](node, context);
}

function spoiler(node, context) {
  const inside = h("span", { class: "spoiler-text" }, drawAll(node.children, context));
  inside.inert = true;
  const cover = h(
    "span",
    { class: "spoiler", role: "button", tabindex: "0", "aria-label": "Spoiler, show it", "aria-expanded": "false" },
    inside,
  );
  const reveal = (event) => {
    if (cover.classList.contains("is-revealed") || (event.type === "keydown" && !["Enter", " "].includes(event.key)))
      return;
    event.preventDefault();
    event.stopPropagation();
    cover.classList.add("is-revealed");
    inside.inert = false;
    for (const name of ["role", "aria-label", "aria-expanded", "tabindex"]) cover.removeAttribute(name);
  };
  cover.addEventListener("click", reveal);
  cover.addEventListener("keydown", reveal);
  return cover;
}

const JUMP = /^https:\/\/(?:\w+\.)?discord(?:app)?\.com\/channels\/(\d+)\/(\d+)(?:\/(\d+))?$/;

/** A link to Discord's own address of a channel here opens it here; the real site knows nothing of it. */
export function jumpTarget(href, store) {
  const match = JUMP.exec(href);
  return match && store.channels.has(match[2]) ? { channel: match[2], message: match[3] ?? null } : null;
}

function link(node, context) {
  const jump = jumpTarget(node.href, context.store);
  if (jump && !node.isMasked) return channelLink(jump.channel, jump.message, context);
  if (jump) {
    const open = () => context.openChannel(jump.channel, jump.message);
    return h("button", { type: "button", class: "link-button", on: { click: open } }, drawAll(node.children, context));
  }
  return h(
    "a",
    { href: openedAddress(node.href), target: "_blank", rel: "noopener noreferrer nofollow", title: node.href },
    drawAll(node.children, context),
  );
}

function channelLink(id, message, context) {
  const channel = context.store.channels.get(id);
  if (!channel) return h("span", { class: "mention" }, "#unknown");
  const label = `${context.store.isThread(id) ? "" : "#"}${channel.name}${message ? " › message" : ""}`;
  const open = (event) => {
    if (event.type === "keydown" && event.key !== "Enter") return;
    event.preventDefault();
    context.openChannel(id, message);
  };
  // No button: a long name wraps with the text around it.
  return h(
    "span",
    { role: "link", tabindex: "0", class: "mention mention-channel", on: { click: open, keydown: open } },
    label,
  );
}
