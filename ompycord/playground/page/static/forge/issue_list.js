// A repository's open issues: open one, put the label on it that starts a run.

import { h } from "../dom.js";
import { messageTime } from "../timestamps.js";
import { renderMarkdown } from "./markdown.js";
import { forge, pageAddress } from "./requests.js";

const LABEL = "ompycord";

export class IssueList {
  #repository;
  #rows = h("ul", { class: "pull-list" });
  #problem = h("p", { class: "muted", role: "status" });
  #who;
  #named;

  constructor(repository, people, named) {
    this.#repository = repository;
    this.#named = named;
    this.#who = h("select", { id: "issue-person" }, people.map((user) => h("option", { value: user.id }, user.global_name)));
    this.element = h(
      "section",
      { class: "issues", "aria-labelledby": "issues-title" },
      h("h2", { id: "issues-title" }, "Issues"),
      h("p", { class: "muted" }, `The label ${LABEL} has a run start about an issue.`),
      this.#rows,
      h("p", {}, h("label", { for: "issue-person" }, "You are "), this.#who),
      this.#form(),
      this.#problem,
    );
    this.#reload();
  }

  #form() {
    const title = h("input", { class: "text-input", required: true, maxlength: "200" });
    const text = h("textarea", { class: "text-input", rows: "3" });
    const form = h(
      "form",
      {},
      h("label", {}, "Title", title),
      h("label", {}, "Text", text),
      h("button", { type: "submit", class: "button button-primary button-small" }, "Open issue"),
    );
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (await this.#act("issue", { title: title.value, body: text.value })) form.reset();
    });
    return form;
  }

  async #act(name, body) {
    try {
      await forge.act(name, { user: this.#who.value, repository: this.#repository, ...body });
      this.#problem.textContent = "";
    } catch (error) {
      this.#problem.textContent = error.message;
      return false;
    }
    await this.#reload();
    return true;
  }

  async #reload() {
    try {
      const { issues } = await forge.issues(this.#repository, this.#named);
      this.#rows.replaceChildren(...issues.map((issue) => this.#row(issue)));
    } catch (error) {
      this.#problem.textContent = error.message;
    }
  }

  #row(issue) {
    const isNamed = String(issue.number) === this.#named;
    const has = issue.labels.some((label) => label.name === LABEL);
    const button = h("button", { type: "button", class: "button button-secondary button-small" }, has ? `Take ${LABEL} away` : `Label ${LABEL}`);
    button.addEventListener("click", () => this.#act("label", { number: issue.number, label: LABEL, on: !has }));
    return h(
      "li",
      { class: "pull-row", "data-testid": "issue-row" },
      h("a", { href: pageAddress(issue.html_url), "aria-current": isNamed ? "page" : null }, `#${issue.number} ${issue.title}`),
      h("span", { class: "muted" }, `by ${issue.user.login} · `, messageTime(issue.created_at)),
      issue.state === "closed" ? h("span", { class: "muted" }, "closed") : button,
      issue.body ? h("details", { class: "issue-text", open: isNamed }, h("summary", {}, "Text"), renderMarkdown(issue.body)) : null,
    );
  }
}
