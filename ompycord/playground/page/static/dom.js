// Builds DOM nodes from data: the page's only way to make elements, so that text can never become markup.

const PROPERTIES = new Set(["value", "checked", "disabled", "hidden", "selected", "multiple", "required", "open"]);

/** An element with attributes, `on` listeners and children; null and false children are left out, strings become text. */
export function h(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined) continue;
    if (name === "on") {
      for (const [type, listener] of Object.entries(value)) node.addEventListener(type, listener);
    } else if (name === "class") {
      node.className = value;
    } else if (PROPERTIES.has(name)) {
      node[name] = value;
    } else if (value === true) {
      node.setAttribute(name, "");
    } else if (value !== false) {
      node.setAttribute(name, String(value));
    }
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export function byId(id) {
  return document.getElementById(id);
}

/** A visible glyph that screen readers skip; the control around it carries the name. */
export function glyph(text) {
  return h("span", { class: "glyph", "aria-hidden": "true" }, text);
}

/** Text for screen readers only. */
export function spoken(text) {
  return h("span", { class: "visually-hidden" }, text);
}

/**
 * Remembers where the focus is; the answer gives it back, also when the control's message was drawn again since then.
 */
export function rememberFocus() {
  const element = document.activeElement;
  const row = element?.closest("li[id]")?.id;
  const key = element?.dataset.focusKey;
  return () => {
    const fresh = row && key ? byId(row)?.querySelector(`[data-focus-key="${CSS.escape(key)}"]`) : null;
    const target = element?.isConnected ? element : fresh;
    target?.focus();
    return Boolean(target);
  };
}

let lastId = 0;

/** An id no other element of the page has, for labels and aria references. */
export function freshId(prefix) {
  lastId += 1;
  return `${prefix}-${lastId}`;
}

/**
 * Makes `container` show `items` ({key, sign, build}) in order. A node is kept while its key and every part of its
 * sign stay the same, so focus, open previews and scrolling survive edits elsewhere.
 */
export function reconcile(container, items) {
  const known = container.reconciled ?? new Map();
  const next = new Map();
  const focus = focusWithin(container);
  let cursor = container.firstChild;
  for (const { key, sign, build } of items) {
    const old = known.get(key);
    const same = old && old.sign.length === sign.length && old.sign.every((part, index) => part === sign[index]);
    const node = same ? old.node : build();
    next.set(key, { node, sign });
    if (old && !same) {
      if (cursor === old.node) cursor = cursor.nextSibling;
      old.node.remove();
    }
    if (node === cursor) cursor = cursor.nextSibling;
    else container.insertBefore(node, cursor);
  }
  while (cursor) {
    const stale = cursor;
    cursor = cursor.nextSibling;
    stale.remove();
  }
  container.reconciled = next;
  focus?.(next);
}

/** Remembers which keyed node and control in it had the focus; returns how to give it back after a rebuild. */
function focusWithin(container) {
  const active = document.activeElement;
  if (!active || active === container || !container.contains(active)) return null;
  const row = [...(container.reconciled ?? [])].find(([, { node }]) => node.contains(active));
  if (!row) return null;
  const [key, { node }] = row;
  const place = active === node ? null : active.dataset.focusKey;
  return (next) => {
    if (document.contains(active)) return;
    const fresh = next.get(key)?.node;
    const target = place
      ? [...(fresh?.querySelectorAll("[data-focus-key]") ?? [])].find((e) => e.dataset.focusKey === place)
      : fresh;
    const usable = target && !target.disabled ? target : fresh;
    usable?.focus({ preventScroll: true });
  };
}
