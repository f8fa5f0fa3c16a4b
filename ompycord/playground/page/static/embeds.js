// Draws an embed: colour bar, author, title, text, fields in up to three columns, pictures, footer and time.

import { imageAddress, openedAddress } from "./api.js";
import { h } from "./dom.js";
import { jumpTarget, renderInline, renderMarkdown } from "./markdown_dom.js";
import { safeLink } from "./markdown_inline.js";
import { messageTime } from "./timestamps.js";

const MOST_COLUMNS = 3;

export function renderEmbed(embed, context) {
  const node = h(
    "div",
    {
      class: "embed",
      role: "group",
      "aria-label": embed.title ? `Embed: ${embed.title}` : "Embed",
      "data-testid": "embed",
    },
    h(
      "div",
      { class: embed.thumbnail ? "embed-body has-thumbnail" : "embed-body" },
      embed.author?.name ? author(embed.author) : null,
      embed.title
        ? h("div", { class: "embed-title" }, linked(embed.url, renderInline(embed.title, context), context))
        : null,
      embed.description ? h("div", { class: "embed-description" }, renderMarkdown(embed.description, context)) : null,
      embed.fields?.length
        ? h(
            "div",
            { class: "embed-fields" },
            fieldRows(embed.fields).map((row) => fieldRow(row, context)),
          )
        : null,
      embed.thumbnail?.url ? picture(embed.thumbnail, "embed-thumbnail", "Thumbnail") : null,
      embed.image?.url ? picture(embed.image, "embed-image", "Embedded image") : null,
      footer(embed),
    ),
  );
  if (Number.isInteger(embed.color))
    node.style.borderLeftColor = `#${embed.color.toString(16).padStart(6, "0").slice(-6)}`;
  return node;
}

function linked(address, children, context) {
  const href = address ? safeLink(address) : null;
  if (!href) return children;
  const jump = jumpTarget(href, context.store);
  if (jump) {
    return h(
      "button",
      { type: "button", class: "link-button", on: { click: () => context.openChannel(jump.channel, jump.message) } },
      children,
    );
  }
  return h("a", { href: openedAddress(href), target: "_blank", rel: "noopener noreferrer nofollow" }, children);
}

function author({ name, url, icon_url: icon }) {
  const href = url ? safeLink(url) : null;
  const text = href ? h("a", { href, target: "_blank", rel: "noopener noreferrer nofollow" }, name) : name;
  return h("div", { class: "embed-author" }, icon ? smallIcon(icon) : null, h("span", {}, text));
}

function smallIcon(address) {
  const src = imageAddress(address);
  return src ? h("img", { class: "embed-icon", src, alt: "" }) : null;
}

/** Neighbouring inline fields share a row, three at most; a field that is not inline has a row of its own. */
export function fieldRows(fields) {
  const rows = [];
  for (const field of fields) {
    const row = rows.at(-1);
    if (field.inline && row?.[0].inline && row.length < MOST_COLUMNS) row.push(field);
    else rows.push([field]);
  }
  return rows;
}

function fieldRow(fields, context) {
  return h(
    "div",
    { class: `embed-field-row columns-${fields.length}` },
    fields.map((field) =>
      h(
        "div",
        { class: "embed-field" },
        h("div", { class: "embed-field-name" }, renderInline(field.name, context)),
        h("div", { class: "embed-field-value" }, renderMarkdown(field.value, context)),
      ),
    ),
  );
}

/** Our own files are shown; of another server's only the address, as the page makes requests to its own server alone. */
export function picture({ url, description }, className, fallback) {
  const src = imageAddress(url);
  if (src) return h("img", { class: className, src, alt: description ?? fallback, loading: "lazy" });
  const href = safeLink(url);
  if (!href) return null;
  return h(
    "div",
    { class: "picture-elsewhere" },
    "Picture not loaded, it lies elsewhere: ",
    h("a", { href, target: "_blank", rel: "noopener noreferrer nofollow" }, href),
  );
}

function footer({ footer: note, timestamp }) {
  if (!note?.text && !timestamp) return null;
  return h(
    "div",
    { class: "embed-footer" },
    note?.icon_url ? smallIcon(note.icon_url) : null,
    note?.text ? h("span", {}, note.text) : null,
    note?.text && timestamp ? h("span", { "aria-hidden": "true" }, " • ") : null,
    timestamp ? messageTime(timestamp) : null,
  );
}
