// Draws a message's buttons and selects; clicks go to `ui.clickComponent`. layouts.js places them.

import { openedAddress } from "./api.js";
import { h } from "./dom.js";
import { emojiElement, emojiText } from "./emoji.js";
import { icon } from "./icons.js";
import { jumpTarget } from "./markdown_dom.js";
import { safeLink } from "./markdown_inline.js";
import { SELECT_TYPES, selectControl } from "./picker.js";

const BUTTON = 2;
const LINK_STYLE = 5;
const STYLES = { 1: "primary", 2: "secondary", 3: "success", 4: "danger", 5: "link" };

/** A row of controls; `busy` is the custom id that waits for an answer. */
export function controlRow(row, message, busy, ui) {
  const controls = row.components.map((component) => drawControl(component, message, busy, ui));
  return h("div", { class: "component-row" }, controls);
}

/** One button or select. */
export function drawControl(component, message, busy, ui) {
  if (component.type === BUTTON)
    return component.style === LINK_STYLE ? linkButton(component, ui) : button(component, message, busy, ui);
  if (SELECT_TYPES.has(component.type)) {
    const onChange = (values) => ui.clickComponent(message, component, values);
    return selectControl(component, ui.store, { onChange, isBusy: busy !== null }).button;
  }
  return h("span", { class: "unsupported" }, `The playground does not show components of type ${component.type}.`);
}

const contents = (component) => [emojiElement(component.emoji), component.label ? h("span", {}, component.label) : null];
const nameOf = (component) => component.label || emojiText(component.emoji) || "Button";

function button(component, message, busy, ui) {
  const isBusy = busy === component.custom_id;
  const isWaiting = busy !== null && !isBusy;
  return h(
    "button",
    {
      type: "button",
      class: `button button-${STYLES[component.style] ?? "secondary"}${isBusy ? " is-busy" : ""}`,
      disabled: component.disabled === true,
      "aria-disabled": isWaiting ? "true" : null,
      "aria-label": nameOf(component),
      "aria-busy": isBusy ? "true" : null,
      "data-custom-id": component.custom_id,
      "data-focus-key": component.custom_id,
      "data-testid": "component-button",
      on: { click: () => busy === null && ui.clickComponent(message, component, null) },
    },
    isBusy ? [h("span", { class: "button-words" }, contents(component)), dots()] : contents(component),
  );
}

/** Three dots that rest where motion is unwanted. */
export function dots() {
  return h("span", { class: "dots", "aria-hidden": "true" }, h("i"), h("i"), h("i"));
}

function linkButton(component, ui) {
  const href = safeLink(component.url);
  const look = {
    class: "button button-link",
    "aria-label": nameOf(component),
    "data-testid": "component-link",
    "data-focus-key": component.url,
  };
  if (!href || component.disabled) return h("button", { type: "button", ...look, disabled: true }, contents(component));
  const jump = jumpTarget(href, ui.store);
  if (jump)
    return h(
      "button",
      { type: "button", ...look, on: { click: () => ui.openChannel(jump.channel, jump.message) } },
      contents(component),
    );
  return h("a", { ...look, href: openedAddress(href), target: "_blank", rel: "noopener noreferrer nofollow" }, contents(component), icon("out"));
}
