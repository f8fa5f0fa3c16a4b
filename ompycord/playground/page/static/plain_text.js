// A message as one line of speech or preview: names for mentions, and no marks.

import { parseInline } from "./markdown_inline.js";

const MOST = 200;

export function plainText(message, store) {
  const embed = message.embeds?.[0];
  const text =
    message.content ||
    embed?.title ||
    embed?.description ||
    (message.attachments?.length ? "an attachment" : "a message");
  return parseInline(text.replace(/^(?:[#>]+|-#|-|\*) /gm, ""))
    .map((node) => words(node, store))
    .join("")
    .slice(0, MOST);
}

function words(node, store) {
  if (node.children) return node.children.map((child) => words(child, store)).join("");
  switch (node.type) {
    case "user":
      return `@${store.displayName(node.id)}`;
    case "role":
      return `@${store.role(node.id)?.name ?? "deleted-role"}`;
    case "channel":
      return `#${store.channels.get(node.id)?.name ?? "unknown"}`;
    case "command":
      return `/${node.name}`;
    case "emoji":
      return `:${node.name}:`;
    case "timestamp":
      return new Date(node.unix * 1000).toLocaleString();
    default:
      return node.text ?? node.code ?? node.name ?? "";
  }
}
