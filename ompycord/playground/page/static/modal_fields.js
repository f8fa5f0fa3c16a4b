// The inputs of a modal: each shows itself, gives its value, and names what is wrong with it.

import { api } from "./api.js";
import { formatSize } from "./attachments.js";
import { checkbox, checkboxGroup, radioGroup } from "./choice_fields.js";
import { freshId, glyph, h } from "./dom.js";
import { renderMarkdown } from "./markdown_dom.js";
import { SELECT_TYPES, selectControl } from "./picker.js";

const TEXT_INPUT = 4;
const TEXT_DISPLAY = 10;
const FILE_UPLOAD = 19;
const LABEL = 18;
const RADIO_GROUP = 21;
const CHECKBOX_GROUP = 22;
const CHECKBOX = 23;
const PARAGRAPH = 2;
const MOST_CHARACTERS = 4000;

/** Turns a modal's components into {node, fields}; a field is {customId, read, check, showError, focus}. */
export function modalFields(components, ui) {
  const fields = [];
  const nodes = components.flatMap((component) => {
    if (component.type === TEXT_DISPLAY)
      return [h("div", { class: "modal-text" }, renderMarkdown(component.content, ui))];
    const inner = component.type === LABEL ? [component.component] : (component.components ?? [component]);
    return inner.map((input) => {
      const field = fieldFor(
        input,
        { label: component.label ?? input.label, description: component.description ?? input.description },
        ui,
      );
      if (field.customId) fields.push(field);
      return field.node;
    });
  });
  return { nodes, fields };
}

function fieldFor(input, words, ui) {
  const ids = { label: freshId("label"), hint: freshId("hint"), error: freshId("error"), input: freshId("field") };
  const isRequired = input.type !== CHECKBOX && (input.required ?? true);
  const build = BUILDERS.get(input.type) ?? (SELECT_TYPES.has(input.type) ? select : null);
  if (!build)
    return { node: h("p", { class: "unsupported" }, `The playground does not show inputs of type ${input.type}.`) };
  const part = build(input, ids, isRequired, ui);
  const error = h("p", { class: "field-error", id: ids.error, role: "alert", "data-testid": "field-error" });
  const label = h(
    part.labelFor ? "label" : "div",
    { class: "field-label", id: ids.label, for: part.labelFor },
    words.label ?? input.custom_id,
    isRequired
      ? h("span", { class: "required-mark" }, glyph(" *"), h("span", { class: "visually-hidden" }, " required"))
      : null,
  );
  const node = h(
    "div",
    { class: "field", "data-testid": "modal-field", "data-custom-id": input.custom_id },
    label,
    h("p", { class: "field-hint", id: ids.hint }, words.description ?? ""),
    part.node,
    part.foot ?? null,
    error,
  );
  const showError = (text) => {
    error.textContent = text ?? "";
    node.classList.toggle("has-error", Boolean(text));
    part.control.setAttribute("aria-invalid", String(Boolean(text)));
  };
  return {
    customId: input.custom_id,
    node,
    read: part.read,
    check: part.check,
    showError,
    focus: () => part.control.focus(),
  };
}

const BUILDERS = new Map([
  [TEXT_INPUT, textInput],
  [FILE_UPLOAD, fileUpload],
  [RADIO_GROUP, radioGroup],
  [CHECKBOX_GROUP, checkboxGroup],
  [CHECKBOX, checkbox],
]);

const describedBy = (ids) => `${ids.hint} ${ids.error}`;

function textInput(input, ids, isRequired) {
  const most = input.max_length ?? MOST_CHARACTERS;
  const control = h(input.style === PARAGRAPH ? "textarea" : "input", {
    id: ids.input,
    class: "text-input",
    type: input.style === PARAGRAPH ? null : "text",
    rows: input.style === PARAGRAPH ? "5" : null,
    placeholder: input.placeholder,
    "aria-required": String(isRequired),
    "aria-describedby": describedBy(ids),
    autocomplete: "off",
    "data-custom-id": input.custom_id,
    "data-testid": "modal-input",
  });
  control.value = input.value ?? "";
  const count = h("span", { class: "field-count", "aria-hidden": "true" });
  const length = () => [...control.value].length;
  const show = () => {
    count.textContent = `${length()} / ${most}`;
    count.classList.toggle("is-over", length() > most);
  };
  control.addEventListener("input", show);
  show();
  const check = () => {
    if (isRequired && !control.value.trim()) return "This field is required.";
    if (control.value && input.min_length && length() < input.min_length)
      return `Write at least ${input.min_length} characters; there are ${length()}.`;
    return length() > most ? `Write at most ${most} characters; there are ${length()}.` : null;
  };
  return { node: control, control, labelFor: ids.input, foot: count, read: () => control.value, check };
}

function select(input, ids, isRequired, ui) {
  const least = isRequired ? Math.max(1, input.min_values ?? 1) : 0;
  const field = selectControl({ ...input, min_values: least }, ui.store, {
    onChange: () => {},
    labelledBy: ids.label,
    describedBy: describedBy(ids),
  });
  const check = () =>
    field.read().length < least ? (least === 1 ? "Choose one." : `Choose at least ${least}.`) : null;
  return { node: field.button, control: field.button, read: field.read, check };
}

function fileUpload(input, ids, isRequired, ui) {
  const most = input.max_values ?? 1;
  const least = isRequired ? Math.max(1, input.min_values ?? 1) : (input.min_values ?? 0);
  const held = [];
  const list = h("ul", { class: "file-list", "aria-label": "Chosen files" });
  const control = h("input", {
    type: "file",
    id: ids.input,
    class: "file-input",
    multiple: most > 1,
    "aria-describedby": describedBy(ids),
    "data-custom-id": input.custom_id,
    "data-testid": "modal-file",
  });
  let uploading = 0;
  const draw = () =>
    list.replaceChildren(
      ...held.map((file) =>
        h(
          "li",
          {},
          `${file.filename} · ${file.note} `,
          h(
            "button",
            {
              type: "button",
              class: "link-button",
              "aria-label": `Remove ${file.filename}`,
              on: { click: () => (held.splice(held.indexOf(file), 1), draw(), control.focus()) },
            },
            "Remove",
          ),
        ),
      ),
    );
  control.addEventListener("change", async () => {
    for (const file of [...control.files]) {
      const item = { filename: file.name, note: "uploading…", id: null };
      held.push(item);
      uploading += 1;
      draw();
      try {
        item.id = (await api.upload(ui.store.me, file)).attachment.id;
        item.note = formatSize(file.size);
      } catch (error) {
        item.note = error.message;
      }
      uploading -= 1;
      draw();
    }
    control.value = "";
  });
  const check = () => {
    if (uploading) return "Wait until the files are uploaded.";
    if (held.some((file) => !file.id)) return "Remove the file that could not be uploaded.";
    if (held.length < least) return least === 1 ? "Choose a file." : `Choose at least ${least} files.`;
    return held.length > most ? `Choose at most ${most} ${most === 1 ? "file" : "files"}.` : null;
  };
  return {
    node: h("div", {}, dropZone(control, most), list),
    control,
    labelFor: ids.input,
    read: () => held.map((file) => file.id),
    check,
  };
}

/** Takes files that are dropped or chosen; the file input itself lies invisibly over it. */
function dropZone(control, most) {
  const words = most > 1 ? `Drop up to ${most} files here or ` : "Drop a file here or ";
  const zone = h("div", { class: "drop-zone" }, h("span", { "aria-hidden": "true" }, words, h("u", {}, "browse")), control);
  for (const [type, isOver] of [["dragenter", true], ["dragleave", false], ["drop", false]])
    zone.addEventListener(type, () => zone.classList.toggle("is-over", isOver));
  return zone;
}
