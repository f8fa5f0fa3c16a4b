// The changed files of a pull request: their lines, and the conversations on them.

import { h } from "../dom.js";
import { written } from "./pull_parts.js";

const HUNK = /^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@/;

/** `act`: {comment(path, line, side), reply(thread), resolve(thread, isResolved)}; `open` has the form that is open. */
export function fileViews(shown, people, { act, form, open }) {
  const threads = threadsOf(shown.line_comments);
  return shown.files.map((file) => {
    const ours = threads.filter((one) => one[0].path === file.filename);
    return h(
      "details",
      { class: "file", open: true, "data-testid": "file" },
      h(
        "summary",
        {},
        h("strong", {}, file.filename),
        h("span", { class: "muted" }, ` ${file.status} `),
        h("span", { class: "diff-added" }, `+${file.additions}`),
        " ",
        h("span", { class: "diff-removed" }, `−${file.deletions}`),
      ),
      file.patch
        ? h("table", { class: "diff", "aria-label": `Changes of ${file.filename}` }, h("tbody", {}, rows(file, ours)))
        : h("p", { class: "muted" }, "No lines to show: the file is empty, binary or large."),
      ours.filter((thread) => thread[0].line === null).map((thread) => conversation(thread)),
    );
  });

  function rows(file, ours) {
    let old = 0;
    let fresh = 0;
    return file.patch.split("\n").flatMap((text) => {
      const hunk = HUNK.exec(text);
      if (hunk) {
        [old, fresh] = [Number(hunk[1]), Number(hunk[2])];
        return [h("tr", { class: "diff-head" }, h("td", { colspan: "4" }, text))];
      }
      const sign = text[0];
      if (!["+", "-", " "].includes(sign)) return [];
      const side = sign === "-" ? "LEFT" : "RIGHT";
      const line = sign === "-" ? old : fresh;
      const made = [lineRow(file.filename, { old, fresh, sign, side, line, text: text.slice(1) })];
      for (const thread of ours.filter((one) => one[0].line === line && one[0].side === side))
        made.push(h("tr", { class: "diff-talk" }, h("td", { colspan: "4" }, conversation(thread))));
      if (open?.path === file.filename && open.line === line && open.side === side)
        made.push(h("tr", { class: "diff-talk" }, h("td", { colspan: "4" }, form())));
      if (sign !== "+") old += 1;
      if (sign !== "-") fresh += 1;
      return made;
    });
  }

  function lineRow(path, { old, fresh, sign, side, line, text }) {
    const kind = { "+": "diff-added", "-": "diff-removed", " ": "" }[sign];
    const button = h(
      "button",
      { type: "button", class: "diff-add", "aria-label": `Comment on ${sign === "-" ? "removed line" : "line"} ${line} of ${path}`, title: "Comment on this line" },
      "+",
    );
    button.addEventListener("click", () => act.comment(path, line, side));
    return h(
      "tr",
      { class: kind },
      h("td", { class: "diff-number" }, sign === "+" ? "" : String(old)),
      h("td", { class: "diff-number" }, sign === "-" ? "" : String(fresh)),
      h("td", { class: "diff-do" }, button),
      h("td", { class: "diff-text" }, h("span", { class: "diff-sign", "aria-hidden": "true" }, sign), text || " "),
    );
  }

  function conversation(thread) {
    const [first] = thread;
    const buttons = h("div", { class: "buttons" });
    const reply = h("button", { type: "button", class: "button button-secondary button-small" }, "Reply");
    reply.addEventListener("click", () => act.reply(first.id));
    const words = first.resolved ? "Open this again" : "Resolve this";
    const resolve = h("button", { type: "button", class: "button button-secondary button-small" }, words);
    resolve.addEventListener("click", () => act.resolve(first.id, !first.resolved));
    buttons.append(reply, resolve);
    const about = `Conversation on line ${first.original_line}${first.outdated ? ", outdated" : ""}`;
    return h(
      "details",
      { class: "thread", open: !first.resolved, id: `discussion_r${first.id}`, "data-testid": "line-thread" },
      h("summary", {}, first.resolved ? `${about}, resolved` : about),
      thread.map((one) => written({ ...one, at: one.created_at }, people)),
      open?.thread === first.id ? form() : buttons,
    );
  }
}

function threadsOf(comments) {
  const threads = new Map();
  for (const one of comments) {
    const root = one.in_reply_to_id ?? one.id;
    threads.set(root, [...(threads.get(root) ?? []), one]);
  }
  return [...threads.values()];
}
