// Draws a message's components: rows of controls, and the layouts of messages that are made of components alone.

import { renderAttachment } from "./attachments.js";
import { controlRow, drawControl } from "./components.js";
import { h } from "./dom.js";
import { picture } from "./embeds.js";
import { renderMarkdown } from "./markdown_dom.js";

const ROW = 1;
const SECTION = 9;
const TEXT = 10;
const THUMBNAIL = 11;
const GALLERY = 12;
const FILE = 13;
const SEPARATOR = 14;
const CONTAINER = 17;
const LARGE = 2;

/** Everything in its order; `busy` is the custom id that waits for an answer. */
export function renderComponents(message, busy, ui) {
  return (message.components ?? []).map((component) => draw(component, message, busy, ui));
}

function draw(component, message, busy, ui) {
  const inner = (children) => children.map((child) => draw(child, message, busy, ui));
  switch (component.type) {
    case ROW:
      return controlRow(component, message, busy, ui);
    case SECTION: {
      const { accessory } = component;
      const beside =
        accessory.type === THUMBNAIL ? shown(accessory, "embed-thumbnail") : drawControl(accessory, message, busy, ui);
      return h("div", { class: "layout-section" }, h("div", {}, inner(component.components)), beside);
    }
    case TEXT:
      return h("div", { class: "message-content" }, renderMarkdown(component.content, ui));
    case GALLERY:
      return h("div", { class: "layout-gallery" }, component.items.map((item) => shown(item, "attachment-image")));
    case FILE:
      return renderAttachment({ ...component.file, filename: component.name ?? "file", size: component.size ?? 0 });
    case SEPARATOR:
      return h("hr", { class: `layout-separator${component.divider ? "" : " is-blank"}${component.spacing === LARGE ? " is-large" : ""}` });
    case CONTAINER: {
      const node = h("div", { class: "embed layout-container", role: "group" }, inner(component.components));
      if (Number.isInteger(component.accent_color))
        node.style.borderLeftColor = `#${component.accent_color.toString(16).padStart(6, "0")}`;
      return node;
    }
    default:
      return controlRow({ components: [component] }, message, busy, ui);
  }
}

const shown = ({ media, description }, className) => picture({ url: media.url, description }, className, "Picture");
