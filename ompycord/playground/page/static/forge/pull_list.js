// The list of a repository's pull requests, with its open issues below.

import { byId, h } from "../dom.js";
import { messageTime } from "../timestamps.js";
import { IssueList } from "./issue_list.js";
import { pageAddress } from "./requests.js";
import { stateBadge } from "./pull_parts.js";

/** `issue`: the number of the one that the address names; it is shown open, also where it is closed. */
export function drawList(repository, pulls, people, issue) {
  document.title = `Pull requests of ${repository} · Ompycord playground`;
  byId("content").replaceChildren(
    h("h1", { class: "forge-title" }, "Pull requests of ", h("code", {}, repository)),
    pulls.length
      ? h("ul", { class: "pull-list" }, pulls.map(row))
      : h("p", { class: "muted" }, "None yet. A run of the sample that ends well opens one: /omp new in a channel."),
    new IssueList(repository, people, issue).element,
  );
}

function row(pull) {
  return h(
    "li",
    { class: "pull-row", "data-testid": "pull-row" },
    stateBadge(pull),
    h("a", { href: pageAddress(pull.html_url) }, `#${pull.number} ${pull.title}`),
    h("span", { class: "muted" }, `by ${pull.user.login} · `, messageTime(pull.created_at)),
  );
}
