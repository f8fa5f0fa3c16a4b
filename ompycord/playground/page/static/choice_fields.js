// The inputs of a form that are ticked: radio group, checkbox group and single checkbox; modal_fields.js places them.

import { freshId, h } from "./dom.js";

/** One of its options, or null. */
export function radioGroup(input, ids, isRequired) {
  const { node, boxes } = choices(input, ids, "radio");
  const read = () => boxes.find((box) => box.checked)?.value ?? null;
  const check = () => (isRequired && read() === null ? "Choose one." : null);
  return { node, control: boxes[0], read, check };
}

/** A list of its options. */
export function checkboxGroup(input, ids, isRequired) {
  const { node, boxes } = choices(input, ids, "checkbox");
  const least = isRequired ? Math.max(1, input.min_values ?? 1) : 0;
  const most = input.max_values ?? boxes.length;
  const read = () => boxes.filter((box) => box.checked).map((box) => box.value);
  const check = () => {
    const count = read().length;
    if (count < least) return least === 1 ? "Choose one." : `Choose at least ${least}.`;
    return count > most ? `Choose at most ${most}.` : null;
  };
  return { node, control: boxes[0], read, check };
}

/** True or false; it is never required, since it is always answered. */
export function checkbox(input, ids) {
  const control = h("input", {
    type: "checkbox",
    id: ids.input,
    checked: Boolean(input.default),
    "aria-describedby": `${ids.hint} ${ids.error}`,
    "data-custom-id": input.custom_id,
    "data-testid": "modal-choice",
  });
  return { node: control, control, labelFor: ids.input, read: () => control.checked, check: () => null };
}

function choices(input, ids, type) {
  const name = freshId("choices");
  const boxes = input.options.map((option) =>
    h("input", { type, name, value: option.value, checked: Boolean(option.default), "data-testid": "modal-choice" }),
  );
  const rows = input.options.map((option, place) =>
    h(
      "label",
      { class: "choice" },
      boxes[place],
      h("span", {}, option.label, option.description ? h("span", { class: "field-hint" }, ` ${option.description}`) : null),
    ),
  );
  const node = h(
    "div",
    {
      role: type === "radio" ? "radiogroup" : "group",
      class: "choices",
      "aria-labelledby": ids.label,
      "aria-describedby": `${ids.hint} ${ids.error}`,
      "data-custom-id": input.custom_id,
    },
    rows,
  );
  return { node, boxes };
}
