// Parts of a pull request that only show: its state, checks, commits, what was written.

import { h } from "../dom.js";
import { avatar } from "../avatars.js";
import { messageTime } from "../timestamps.js";
import { renderMarkdown } from "./markdown.js";

const STATES = { merged: "Merged", closed: "Closed", draft: "Draft", open: "Open" };
const REVIEWS = { APPROVED: "approved this", CHANGES_REQUESTED: "asked for changes", COMMENTED: "reviewed" };
const EVENTS = {
  closed: "closed this",
  reopened: "reopened this",
  merged: "merged this",
  labeled: "added the label",
  unlabeled: "removed the label",
  assigned: "assigned",
  review_requested: "asked for a review by",
};
const MARKS = { good: "✓", bad: "✗", open: "●", other: "–" };

export const stateOf = (pull) => (pull.merged ? "merged" : pull.state === "closed" ? "closed" : pull.draft ? "draft" : "open");

export function stateBadge(pull) {
  const state = stateOf(pull);
  return h("span", { class: `pull-state is-${state}`, "data-testid": "pull-state" }, STATES[state]);
}

/** good, bad, open or other, for a status or a check run. */
export function mark(one) {
  if (one.state) return { success: "good", pending: "open" }[one.state] ?? "bad";
  if (one.status !== "completed") return "open";
  return { success: "good", neutral: "other", skipped: "other" }[one.conclusion] ?? "bad";
}

const WORDS = { good: "passed", bad: "failed", open: "running", other: "skipped" };

export function checkRows({ statuses, checks }) {
  const rows = [
    ...statuses.map((one) => row(mark(one), one.context, one.description, one.target_url)),
    ...checks.map((one) => row(mark(one), one.name, one.conclusion ?? one.status, null, one.log)),
  ];
  return rows.length ? h("ul", { class: "check-list" }, rows) : h("p", { class: "muted" }, "No check has reported yet.");
}

function row(kind, name, words, address, log) {
  const link = address && /^https?:/.test(address);
  return h(
    "li",
    { class: `check-row is-${kind}`, "data-testid": "check-row" },
    h("span", { class: "check-mark", "aria-hidden": "true" }, MARKS[kind]),
    h("strong", {}, name),
    h("span", { class: "visually-hidden" }, `: ${WORDS[kind]}. `),
    h("span", { class: "muted" }, words ?? ""),
    link ? h("a", { href: address, target: "_blank", rel: "noopener noreferrer nofollow" }, "Details") : null,
    log ? h("details", { class: "check-log" }, h("summary", {}, "Log"), h("pre", { tabindex: "0" }, log)) : null,
  );
}

export function commitRows(commits) {
  return h(
    "ol",
    { class: "commit-list" },
    commits.map((one) => {
      const [subject, ...rest] = one.commit.message.split("\n");
      const text = rest.join("\n").trim();
      return h(
        "li",
        { "data-testid": "commit-row" },
        h("code", {}, one.sha.slice(0, 7)),
        " ",
        h("span", {}, subject),
        h("span", { class: "muted" }, ` · ${one.commit.author.name}`),
        text ? h("details", {}, h("summary", {}, "Whole message"), h("pre", { tabindex: "0" }, text)) : null,
      );
    }),
  );
}

/** A comment, a review or the description: who, when, text. */
export function written({ user, body, at, note, id, tag }, people) {
  const known = people.find((one) => one.username === user.login);
  return h(
    "article",
    { class: "written", id, "aria-label": `${user.login} ${note ?? "commented"}`, "data-testid": "written" },
    h(
      "header",
      { class: "written-head" },
      avatar(known ?? { username: user.login, bot: user.type === "Bot" }, "small"),
      h("strong", {}, user.login),
      user.type === "Bot" ? h("span", { class: "app-tag" }, "APP") : null,
      h("span", { class: "muted" }, `${note ?? "commented"} · `, messageTime(at)),
      tag ? h("span", { class: "written-tag" }, tag) : null,
    ),
    body?.trim() ? h("div", { class: "written-body" }, renderMarkdown(body)) : null,
  );
}

/** Comments, reviews and events in the order in which they came. */
export function timeline(shown, people) {
  const comments = shown.comments.map((one) => ({
    at: one.created_at,
    node: () => written({ ...one, at: one.created_at, id: `issuecomment-${one.id}`, tag: TAGS[one.author_association] }, people),
  }));
  const reviews = shown.reviews.map((one) => ({
    at: one.submitted_at,
    node: () => written({ ...one, at: one.submitted_at, note: REVIEWS[one.state], id: `pullrequestreview-${one.id}` }, people),
  }));
  const events = shown.events.map((one) => ({
    at: one.at,
    node: () =>
      h(
        "p",
        { class: "timeline-event muted", "data-testid": "timeline-event" },
        h("strong", {}, one.login),
        ` ${EVENTS[one.event] ?? one.event} ${one.about ?? ""} · `,
        messageTime(one.at),
      ),
  }));
  return [...comments, ...reviews, ...events].sort((a, b) => a.at.localeCompare(b.at)).map(({ node }) => node());
}

const TAGS = { OWNER: "Owner", MEMBER: "Member", COLLABORATOR: "Collaborator", NONE: "No access" };
