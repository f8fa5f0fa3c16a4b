// Draws what a message holds beside its own text: a message that it forwards, and a poll.

import { renderAttachment } from "./attachments.js";
import { h } from "./dom.js";
import { renderEmbed } from "./embeds.js";
import { renderMarkdown } from "./markdown_dom.js";

/** The copies that a forward holds. */
export function renderForwards({ message_snapshots: copies }, ui) {
  return (copies ?? []).map(({ message }) =>
    h(
      "blockquote",
      { class: "forwarded", "data-testid": "forwarded" },
      h("p", { class: "forwarded-head" }, "Forwarded"),
      message.content ? h("div", { class: "message-content" }, renderMarkdown(message.content, ui)) : null,
      (message.embeds ?? []).map((embed) => renderEmbed(embed, ui)),
      (message.attachments ?? []).map(renderAttachment),
    ),
  );
}

/** A poll with its answers; no one votes in the playground. */
export function renderPoll({ poll }) {
  if (!poll) return null;
  const ends = new Date(poll.expiry).toLocaleString();
  return h(
    "div",
    { class: "embed poll", role: "group", "aria-label": `Poll: ${poll.question.text}`, "data-testid": "poll" },
    h("p", { class: "embed-title" }, poll.question.text),
    h("ul", { class: "poll-answers" }, poll.answers.map(({ poll_media: media }) => h("li", {}, [media.emoji?.name, media.text].filter(Boolean).join(" ")))),
    h("p", { class: "field-hint" }, poll.results.is_finalized ? `Ended ${ends}` : `Ends ${ends}; there are no votes in the playground.`),
  );
}
