// The drawer that lists the bot's last REST requests, newest first, while it is open.

import { api } from "./api.js";
import { byId, h } from "./dom.js";
import { icon } from "./icons.js";

const EVERY_MS = 1000;
const MOST_ROWS = 200;

export function setUpWire() {
  const drawer = byId("wire");
  const button = byId("wire-button");
  const rows = byId("wire-rows");
  const note = byId("wire-note");
  let last = 0;
  let timer = null;

  async function poll() {
    try {
      const { entries } = await api.wire(last);
      for (const entry of entries) {
        last = Math.max(last, entry.n);
        rows.prepend(wireRow(entry));
      }
      while (rows.children.length > MOST_ROWS) rows.lastElementChild.remove();
      note.textContent = rows.children.length ? "" : "No request yet.";
    } catch (error) {
      note.textContent = error.message;
    }
    if (!drawer.hidden) timer = setTimeout(poll, EVERY_MS);
  }

  function show(isShown) {
    drawer.hidden = !isShown;
    button.setAttribute("aria-expanded", String(isShown));
    clearTimeout(timer);
    if (isShown) {
      poll();
      byId("wire-close").focus();
    } else {
      button.focus();
    }
  }
  byId("wire-close").append(icon("close"));
  button.addEventListener("click", () => show(drawer.hidden));
  byId("wire-close").addEventListener("click", () => show(false));
  drawer.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    show(false);
  });
}

function wireRow({ at, method, route, status, bucket, remaining, ms }) {
  const kind = status >= 500 ? "bad" : status >= 400 ? "refused" : "good";
  return h(
    "tr",
    { "data-testid": "wire-row" },
    h("td", { class: "wire-time" }, clock(at)),
    h("td", { class: "wire-method" }, method),
    h("td", { class: "wire-route" }, route),
    h("td", { class: `wire-status wire-${kind}` }, String(status)),
    h(
      "td",
      { class: "wire-bucket", title: bucket ?? "" },
      remaining === null ? "—" : String(remaining),
    ),
    h("td", { class: "wire-ms" }, `${Math.round(ms)}`),
  );
}

/** The time of day of seconds since 1970. */
function clock(at) {
  return new Date(at * 1000).toLocaleTimeString();
}
