// The drawer: what the bot sent, what its buckets have left, what was refused and why, and the fault buttons.

import { api } from "./api.js";
import { byId } from "./dom.js";
import { Faults } from "./faults.js";
import { icon } from "./icons.js";
import { setUpTabs } from "./tabs.js";
import { drawBuckets, isRefused, refusedRow, requestRow } from "./wire_rows.js";

const EVERY_MS = 1000;
const MOST_ROWS = 200;

export function setUpWire(ui) {
  const drawer = byId("wire");
  const button = byId("wire-button");
  const faults = new Faults(ui);
  let last = 0;
  let timer = null;
  let panel = "wire-requests";

  function add(list, row) {
    list.prepend(row);
    while (list.children.length > MOST_ROWS) list.lastElementChild.remove();
  }

  /** One refresh at a time; another tab starts again. */
  async function refresh() {
    clearTimeout(timer);
    try {
      if (panel === "wire-faults") faults.show(await api.faults());
      else show(await api.wire(last));
      byId("wire-note").textContent = "";
    } catch (error) {
      byId("wire-note").textContent = error.message;
    }
    clearTimeout(timer);
    if (!drawer.hidden) timer = setTimeout(refresh, EVERY_MS);
  }

  function show({ entries, buckets }) {
    for (const entry of entries) {
      if (entry.n <= last) continue;
      last = entry.n;
      add(byId("wire-rows"), requestRow(entry));
      if (isRefused(entry)) add(byId("refused-rows"), refusedRow(entry));
    }
    drawBuckets(byId("bucket-rows"), buckets, ui.store);
    byId("requests-none").hidden = byId("wire-rows").children.length > 0;
    byId("buckets-none").hidden = buckets.length > 0;
    byId("refused-none").hidden = byId("refused-rows").children.length > 0;
    byId("refused-count").textContent = byId("refused-rows").children.length || "";
  }

  const tabs = setUpTabs(byId("wire-tabs"), (id) => {
    panel = id;
    if (!drawer.hidden) refresh();
  });

  function open(isShown) {
    drawer.hidden = !isShown;
    button.setAttribute("aria-expanded", String(isShown));
    clearTimeout(timer);
    if (isShown) {
      ui.store.emit("tools-opened");
      refresh();
      tabs.focus();
    } else {
      button.focus();
    }
  }
  byId("wire-close").append(icon("close"));
  button.addEventListener("click", () => open(drawer.hidden));
  byId("wire-close").addEventListener("click", () => open(false));
  drawer.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    open(false);
  });
}
