// The list behind a select: one choice closes it, several are ticked and sent when it closes.

import { emojiElement } from "./emoji.js";
import { entityOptions, matching } from "./entities.js";
import { freshId, h } from "./dom.js";
import { icon } from "./icons.js";
import { moveWithArrows, openPopover } from "./popover.js";

const FILTER_FROM = 8;
const ENTITY_KINDS = { 5: "user", 6: "role", 7: "mentionable", 8: "channel" };
export const SELECT_TYPES = new Set([3, 5, 6, 7, 8]);

/** The options of any of Discord's selects, as {value, label, description, emoji, icon, isDefault}. */
export function selectOptions(component, store) {
  const kind = ENTITY_KINDS[component.type];
  const defaults = new Set((component.default_values ?? []).map((value) => value.id));
  const options = kind
    ? entityOptions(kind, store, { channelTypes: component.channel_types })
    : component.options.map((option) => ({ ...option, isDefault: option.default === true }));
  return options.map((option) => ({ ...option, isDefault: option.isDefault || defaults.has(option.value) }));
}

/**
 * A select for one of Discord's select components; `onChange(values)` is called for each finished choice. `isBusy` and the
 * component's `disabled` close it.
 */
export function selectControl(component, store, { onChange, labelledBy = null, describedBy = null, isBusy = false }) {
  const options = selectOptions(component, store);
  let values = options.filter((option) => option.isDefault).map((option) => option.value);
  const shown = h("span", { class: "select-shown" });
  const button = h(
    "button",
    {
      type: "button",
      class: "select",
      role: "combobox",
      "aria-haspopup": "listbox",
      "aria-expanded": "false",
      "aria-describedby": describedBy,
      "data-custom-id": component.custom_id,
      "data-focus-key": component.custom_id,
      "data-testid": "component-select",
      disabled: component.disabled === true || isBusy,
    },
    shown,
    icon("down"),
  );
  const show = () => {
    const names = values.map((value) => options.find((option) => option.value === value)?.label ?? value).join(", ");
    shown.textContent = names || component.placeholder || "Make a selection";
    shown.classList.toggle("is-placeholder", !names);
    if (labelledBy) button.setAttribute("aria-labelledby", `${labelledBy} ${shown.id}`);
    else
      button.setAttribute(
        "aria-label",
        names ? `${component.placeholder ?? "Selection"}: ${names}` : shown.textContent,
      );
  };
  if (labelledBy) shown.id = `${labelledBy}-shown`;
  button.addEventListener("click", () =>
    openPicker(
      button,
      options,
      { values, min: component.min_values ?? 1, max: component.max_values ?? 1 },
      (chosen) => {
        values = chosen;
        show();
        onChange(chosen);
      },
    ),
  );
  show();
  return { button, read: () => values };
}

function openPicker(opener, options, { values, min, max }, onDone) {
  const chosen = new Set(values);
  const isMulti = max > 1;
  const isOptional = min === 0;
  const list = h("div", {
    role: "listbox",
    id: freshId("options"),
    class: "picker-list",
    "aria-label": "Options",
    "aria-multiselectable": isMulti ? "true" : null,
  });
  const count = h("span", { class: "picker-count", role: "status" });
  const done = h(
    "button",
    {
      type: "button",
      class: "button button-primary",
      "data-testid": "picker-done",
      on: { click: () => close("done") },
    },
    "Done",
  );
  const filter = h("input", {
    type: "search",
    class: "picker-filter",
    placeholder: "Search",
    "aria-label": "Search options",
    on: { input: () => draw(filter.value) },
  });
  const panel = h(
    "div",
    { class: "picker" },
    options.length > FILTER_FROM ? filter : null,
    list,
    isMulti ? h("div", { class: "picker-foot" }, count, done) : null,
  );

  function toggle(option) {
    if (!isMulti) {
      const isSame = chosen.has(option.value);
      chosen.clear();
      if (!(isSame && isOptional)) chosen.add(option.value);
      return close("done");
    }
    if (chosen.has(option.value)) chosen.delete(option.value);
    else if (chosen.size < max) chosen.add(option.value);
    return mark();
  }
  function mark() {
    for (const row of list.children) row.setAttribute("aria-selected", String(chosen.has(row.dataset.value)));
    count.textContent = `Choose ${min === max ? max : `${min} to ${max}`} · ${chosen.size} chosen`;
    done.disabled = chosen.size < min;
  }
  function draw(text) {
    list.replaceChildren(...matching(options, text).map((option) => optionRow(option, toggle)));
    if (!list.children.length) list.append(h("div", { class: "completion-empty" }, "Nothing matches"));
    mark();
  }
  draw("");
  moveWithArrows(panel, '[role="option"]');
  opener.setAttribute("aria-controls", list.id);
  const close = openPopover(panel, opener, {
    onClose: (reason) => {
      opener.removeAttribute("aria-controls");
      const isChanged = chosen.size !== values.length || values.some((value) => !chosen.has(value));
      const isFinished = reason === "done" || (isMulti && reason === "outside");
      if (isFinished && isChanged && chosen.size >= min)
        onDone(options.map((option) => option.value).filter((value) => chosen.has(value)));
    },
  });
  panel.style.minWidth = `${Math.min(opener.getBoundingClientRect().width, innerWidth - 16)}px`;
  (
    list.querySelector('[aria-selected="true"]') ?? (options.length > FILTER_FROM ? filter : list.firstElementChild)
  )?.focus();
}

function optionRow(option, toggle) {
  const pick = (event) => {
    if (event.type === "keydown" && event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    toggle(option);
  };
  return h(
    "div",
    {
      role: "option",
      class: "picker-row",
      tabindex: "-1",
      "aria-selected": "false",
      "data-value": option.value,
      "data-testid": "picker-option",
      on: { click: pick, keydown: pick },
    },
    option.icon?.() ?? emojiElement(option.emoji),
    h(
      "span",
      { class: "picker-text" },
      h("span", {}, option.label),
      option.description ? h("span", { class: "picker-description" }, option.description) : null,
    ),
    h("span", { class: "picker-tick" }, icon("check")),
  );
}
