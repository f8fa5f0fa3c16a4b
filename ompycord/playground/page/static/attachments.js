// Draws a message's files: pictures inline, texts with a preview, everything else as a download.

import { api, imageAddress, ownAddress } from "./api.js";
import { diffLines, isDiff } from "./diff.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";

const PREVIEW_CHARACTERS = 20000;
const TEXT_NAME = /\.(txt|log|md|diff|patch|json|jsonl|csv|py|js|ts|toml|ya?ml|ini|cfg|sh|xml|html|css)$/i;

/** 1,536 -> "1.5 KB"; binary steps, as Discord counts. */
export function formatSize(bytes) {
  const units = ["bytes", "KB", "MB", "GB"];
  let size = bytes;
  let unit = 0;
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${unit ? size.toFixed(size < 10 ? 2 : 1).replace(/\.?0+$/, "") : size} ${units[unit]}`;
}

export function renderAttachment(file) {
  const type = file.content_type ?? "";
  const isText = type.startsWith("text/") || TEXT_NAME.test(file.filename);
  if (type.startsWith("image/") && type !== "image/svg+xml") {
    const src = imageAddress(file.url);
    if (src)
      return h("img", { class: "attachment-image", src, alt: file.description ?? file.filename, loading: "lazy" });
  }
  return h("div", { class: "attachment", "data-testid": "attachment" }, fileRow(file), isText ? preview(file) : null);
}

function fileRow(file) {
  const note = h("span", { class: "attachment-note", role: "status" });
  const button = h(
    "button",
    {
      type: "button",
      class: "link-button attachment-name",
      "data-focus-key": `file-${file.id}`,
      "aria-label": `Download ${file.filename}`,
      on: { click: () => download(file, note) },
    },
    file.filename,
  );
  return h(
    "div",
    { class: "attachment-row" },
    h("span", { class: "attachment-icon" }, icon("file")),
    h("div", {}, button, h("div", { class: "attachment-size" }, formatSize(file.size ?? 0), note)),
  );
}

function ownPath(file) {
  const url = ownAddress(file.url);
  return url ? url.pathname + url.search : null;
}

/** Fetched with the token in a header, so that no link contains it. */
async function download(file, note) {
  const path = ownPath(file);
  if (!path) {
    note.textContent = " · lies elsewhere, not loaded";
    return;
  }
  try {
    const address = URL.createObjectURL(await api.file(path));
    h("a", { href: address, download: file.filename }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10000);
    note.textContent = "";
  } catch (error) {
    note.textContent = ` · ${error.message}`;
  }
}

function preview(file) {
  const code = h("code", {}, "Loading…");
  const details = h(
    "details",
    { class: "attachment-preview" },
    h("summary", { "data-focus-key": `preview-${file.id}` }, `Preview ${file.filename}`),
    h("pre", { tabindex: "0", role: "region", "aria-label": file.filename }, code),
  );
  details.addEventListener("toggle", async () => {
    if (!details.open || details.dataset.loaded) return;
    details.dataset.loaded = "yes";
    const path = ownPath(file);
    try {
      const text = path ? await (await api.file(path)).text() : "This file lies elsewhere and is not loaded.";
      const shown =
        text.length > PREVIEW_CHARACTERS
          ? `${text.slice(0, PREVIEW_CHARACTERS)}\n… (${formatSize(file.size)} in all)`
          : text;
      code.replaceChildren(...(isDiff(file.filename) ? diffLines(shown) : [shown]));
    } catch (error) {
      delete details.dataset.loaded;
      code.textContent = error.message;
    }
  });
  return details;
}
