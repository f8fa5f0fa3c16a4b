// Formats times as Discord does and keeps the relative ones ticking.

import { h } from "./dom.js";

const STYLES = {
  t: { timeStyle: "short" },
  T: { timeStyle: "medium" },
  d: { dateStyle: "short" },
  D: { dateStyle: "long" },
  f: { dateStyle: "long", timeStyle: "short" },
  F: { dateStyle: "full", timeStyle: "short" },
  s: { dateStyle: "short", timeStyle: "short" },
  S: { dateStyle: "short", timeStyle: "medium" },
};
const UNITS = [
  ["year", 31536000],
  ["month", 2592000],
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
];
const TICK_MS = 1000;
/** ECMAScript's largest date, in seconds; beyond it a timestamp stays the text it was. */
export const LATEST_UNIX_S = 8.64e12;

const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });

/** "in 3 minutes", "2 hours ago": the largest whole unit between two moments in milliseconds. */
export function formatRelative(atMs, nowMs) {
  const seconds = Math.round((atMs - nowMs) / 1000);
  for (const [unit, size] of UNITS) {
    if (Math.abs(seconds) >= size) return relative.format(Math.trunc(seconds / size), unit);
  }
  return relative.format(seconds, "second");
}

function format(date, style) {
  if (style === "R") return formatRelative(date.getTime(), Date.now());
  return new Intl.DateTimeFormat(undefined, STYLES[style] ?? STYLES.f).format(date);
}

/** A `<time>` for a Date in one of Discord's styles; hovering shows the whole date. */
export function timeElement(date, style, className = "timestamp") {
  return h(
    "time",
    { class: className, datetime: date.toISOString(), title: format(date, "F"), "data-style": style },
    format(date, style),
  );
}

const dayOf = (date) => new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();

/** A message's time: the clock for today, "Yesterday at" for yesterday, else the date. */
export function messageTime(iso) {
  const date = new Date(iso);
  const days = Math.round((dayOf(new Date()) - dayOf(date)) / 86400000);
  const clock = format(date, "t");
  const text = days === 0 ? clock : days === 1 ? `Yesterday at ${clock}` : `${format(date, "d")} ${clock}`;
  return h("time", { class: "message-time", datetime: date.toISOString(), title: format(date, "F") }, text);
}

/** Only the clock, for the later messages of a group. */
export function clockTime(iso) {
  const date = new Date(iso);
  return h(
    "time",
    { class: "message-time", datetime: date.toISOString(), title: format(date, "F") },
    format(date, "t"),
  );
}

export function dayName(iso) {
  return format(new Date(iso), "D");
}

export function isSameDay(a, b) {
  return dayOf(new Date(a)) === dayOf(new Date(b));
}

/** Starts the one clock that moves every relative time on the page. */
export function startTicking() {
  setInterval(() => {
    for (const node of document.querySelectorAll('time[data-style="R"]')) {
      const text = format(new Date(node.dateTime), "R");
      if (node.textContent !== text) node.textContent = text;
    }
  }, TICK_MS);
}
