// Draws the drawer's rows: a request, a refusal with its reasons, the buckets that count just now.

import { h, reconcile, spoken } from "./dom.js";
import { timeElement } from "./timestamps.js";

const LOST = new Set(["drop_before", "drop_after", "kill_before", "kill_after", "outage"]);

/** Whether the bot was refused, or took no webhook; an answer that a fault took does not count. */
export const isRefused = ({ status, fault }) => (status >= 400 || status === 0) && !LOST.has(fault);

/** What the bot got to see: a status, or nothing where a fault took the answer. Of a webhook: what it answered. */
function statusCell({ status, fault }) {
  const kind = status >= 500 || status === 0 ? "bad" : status >= 400 ? "refused" : "good";
  const text = LOST.has(fault) ? "lost" : status === 0 ? "no answer" : String(status);
  return h("td", { class: `wire-status wire-${kind}` }, text, fault ? ` ${fault.replace("_", " ")}` : null);
}

export function requestRow(entry) {
  const { at, method, route, bucket, remaining, reset_s: reset, ms } = entry;
  return h(
    "tr",
    { "data-testid": "wire-row" },
    h("td", { class: "wire-time" }, momentOf(at)),
    h("td", { class: "wire-method" }, method),
    h("td", { class: "wire-route" }, route),
    statusCell(entry),
    h("td", { class: "wire-number", title: bucket ?? "" }, remaining === null ? "—" : String(remaining)),
    h("td", { class: "wire-number" }, reset === null ? "—" : `${reset.toFixed(1)} s`),
    h("td", { class: "wire-number" }, String(Math.round(ms))),
  );
}

export function refusedRow({ at, method, route, status, fault, problems }) {
  const why = problems.length ? problems : [fault ? `fault: ${fault.replace("_", " ")}` : "no reason given"];
  return h(
    "li",
    { class: "refused", "data-testid": "refused-row" },
    h("p", { class: "refused-head" }, momentOf(at), " ", h("strong", {}, status === 0 ? "No answer" : String(status)), ` ${method} ${route}`),
    h("ul", { class: "refused-why" }, why.map((text) => h("li", {}, text))),
  );
}

/** Rows by bucket, kept while they say the same, so that a screen reader's place in them stays. */
export function drawBuckets(body, buckets, store) {
  reconcile(
    body,
    buckets.map((bucket) => ({
      key: `${bucket.rule} ${bucket.of}`,
      sign: [bucket.remaining, bucket.reset_s],
      build: () => bucketRow(bucket, store),
    })),
  );
}

function bucketRow({ rule, of: owner, bucket, limit, remaining, reset_s: reset }, store) {
  const channel = store.channels.get(owner);
  const where = channel ? store.signOf(owner) + channel.name : owner;
  return h(
    "tr",
    { "data-testid": "bucket-row" },
    h("td", { class: "wire-route", title: bucket }, rule),
    h("td", {}, where || "—"),
    h(
      "td",
      { class: `wire-number ${remaining ? "" : "wire-refused"}` },
      h("meter", { min: "0", max: limit, value: remaining, low: limit / 3, "aria-hidden": "true" }),
      ` ${remaining} of ${limit}`,
      remaining ? null : spoken(", empty"),
    ),
    h("td", { class: "wire-number" }, `${reset.toFixed(1)} s`),
  );
}

/** Seconds since 1970 as the time of day. */
const momentOf = (at) => timeElement(new Date(at * 1000), "T", "wire-time");
