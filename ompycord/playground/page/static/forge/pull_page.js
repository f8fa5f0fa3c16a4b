// The page of a pull request: what it shows, and what a person does there.

import { byId, freshId, h } from "../dom.js";
import { messageTime } from "../timestamps.js";
import { fileViews } from "./diff_view.js";
import { checkRows, commitRows, stateBadge, timeline, written } from "./pull_parts.js";
import { forge, pageAddress } from "./requests.js";

const HINTS = { admin: "owner", member: "may write", outsider: "a stranger: no access" };

export class PullPage {
  #options;
  #me;
  #shown = null;
  /** The form on a line or in a conversation that is open: {path, line, side} or {thread}. */
  #open = null;
  #drafts = new Map();
  #isStale = false;
  #problem = "";

  constructor(options) {
    this.#options = options;
    this.#me = options.me;
  }

  /** Something changed elsewhere; while someone types in a form of the diff, what they type stays. */
  changed() {
    if (this.#isStale) return;
    this.#isStale = true;
    requestAnimationFrame(() => this.reload().catch((error) => this.#say(error.message)));
  }

  async reload() {
    this.#isStale = false;
    this.#shown = await forge.pull(this.#options.repository, this.#options.number);
    this.#draw();
  }

  #draw() {
    const { pull } = this.#shown;
    document.title = `${pull.title} · pull request ${pull.number}`;
    const focus = this.#focus();
    byId("content").replaceChildren(
      this.#head(pull),
      this.#problem ? h("p", { class: "forge-notice", role: "alert", "data-testid": "problem" }, this.#problem) : "",
      h(
        "div",
        { class: "forge-columns" },
        h("div", { class: "forge-main" }, this.#talk(), this.#checks(), this.#commits(), this.#files()),
        h("aside", { class: "forge-aside", "aria-label": "About this pull request" }, this.#people(), this.#facts(), this.#faults()),
      ),
    );
    focus();
  }

  #head(pull) {
    const ends = [h("code", {}, pull.base.ref), " from ", h("code", {}, pull.head.ref)];
    const verb = pull.merged ? "merged" : "wants to merge";
    const count = `${pull.commits} ${pull.commits === 1 ? "commit" : "commits"}`;
    const list = pageAddress(`/forge/${this.#options.repository}/pulls`);
    return h(
      "header",
      { class: "pull-head" },
      h("p", { class: "muted" }, h("a", { href: list }, this.#options.repository), ` · pull request ${pull.number}`),
      h("h1", { class: "forge-title", "data-testid": "pull-title" }, pull.title),
      h(
        "p",
        { class: "pull-line" },
        stateBadge(pull),
        h("span", {}, h("strong", {}, pull.merged_by?.login ?? pull.user.login), ` ${verb} ${count} into `, ends),
      ),
    );
  }

  // -- conversation

  #talk() {
    const { pull } = this.#shown;
    const { people } = this.#options;
    return section(
      "Conversation",
      written({ user: pull.user, body: pull.body, at: pull.created_at, note: "opened this", id: "description" }, people),
      timeline(this.#shown, people),
      this.#answer(),
      this.#ending(pull),
    );
  }

  #answer() {
    const id = freshId("answer");
    const text = this.#field("answer", id, "Your comment or review");
    const button = (label, kind, act) => {
      const made = h("button", { type: "button", class: `button ${kind} button-small`, "data-focus-key": label }, label);
      made.addEventListener("click", () => act(text.value));
      return made;
    };
    const review = (event, done) => (body) => this.#act("review", { event, body }, done, "answer");
    return h(
      "form",
      { class: "answer", on: { submit: (event) => event.preventDefault() } },
      h("label", { class: "field-label", for: id }, `Write as ${this.#me.global_name}`),
      text,
      h(
        "div",
        { class: "buttons" },
        button("Comment", "button-primary", (body) => this.#act("comment", { body }, "Comment added", "answer")),
        button("Approve", "button-success", review("APPROVE", "Approved")),
        button("Request changes", "button-danger", review("REQUEST_CHANGES", "Changes requested")),
      ),
    );
  }

  #ending(pull) {
    const isOpen = pull.state === "open";
    const act = (label, kind, name, body, done) => {
      const made = h("button", { type: "button", class: `button ${kind} button-small`, "data-focus-key": label }, label);
      made.addEventListener("click", () => this.#act(name, body, done));
      return made;
    };
    const words = !isOpen
      ? ""
      : pull.mergeable === false
        ? "This branch has conflicts with the base."
        : pull.draft
          ? "This is a draft: it cannot be merged yet."
          : "This branch can be merged.";
    return h(
      "div",
      { class: "ending", role: "group", "aria-label": "Merge or close" },
      words ? h("p", {}, words) : null,
      h(
        "div",
        { class: "buttons" },
        isOpen && !pull.draft ? act("Merge", "button-success", "merge", { method: "merge" }, "Merged") : null,
        isOpen && !pull.draft ? act("Squash and merge", "button-secondary", "merge", { method: "squash" }, "Merged") : null,
        isOpen && pull.draft ? act("Ready for review", "button-secondary", "change", { draft: false }, "Ready for review") : null,
        isOpen && !pull.draft ? act("Make it a draft", "button-secondary", "change", { draft: true }, "It is a draft") : null,
        isOpen ? act("Close", "button-danger", "change", { state: "closed" }, "Closed") : null,
        !isOpen && !pull.merged ? act("Reopen", "button-secondary", "change", { state: "open" }, "Reopened") : null,
      ),
    );
  }

  // -- what it is about

  #checks() {
    const ci = (label, conclusion) => {
      const made = h("button", { type: "button", class: "button button-secondary button-small", "data-focus-key": label }, label);
      made.addEventListener("click", () => this.#act("ci", { conclusion }, label));
      return made;
    };
    return section(
      "Checks",
      checkRows(this.#shown),
      h(
        "div",
        { class: "buttons", role: "group", "aria-label": "What the forge's own CI says" },
        ci("CI passes", "success"),
        ci("CI fails", "failure"),
        ci("CI is running", "running"),
      ),
    );
  }

  #commits() {
    return section(`Commits (${this.#shown.commits.length})`, commitRows(this.#shown.commits));
  }

  #files() {
    const act = {
      comment: (path, line, side) => this.#openForm({ path, line, side }),
      reply: (thread) => this.#openForm({ thread }),
      resolve: (thread, resolved) => this.#act("resolve", { thread, resolved }, resolved ? "Resolved" : "Open again"),
    };
    const views = fileViews(this.#shown, this.#options.people, { act, form: () => this.#lineForm(), open: this.#open });
    return section(`Changed files (${this.#shown.files.length})`, views);
  }

  #openForm(place) {
    this.#open = place;
    this.#drafts.delete("line");
    this.#draw();
    byId("content").querySelector(".line-form textarea")?.focus();
  }

  #lineForm() {
    const id = freshId("line");
    const text = this.#field("line", id, "Your comment on this line");
    const send = h("button", { type: "submit", class: "button button-primary button-small" }, "Comment");
    const cancel = h("button", { type: "button", class: "button button-plain button-small" }, "Cancel");
    cancel.addEventListener("click", () => {
      this.#open = null;
      this.#draw();
    });
    const submit = (event) => {
      event.preventDefault();
      const { thread, ...place } = this.#open;
      const body = thread ? { in_reply_to: thread } : place;
      this.#act("line-comment", { ...body, body: text.value }, "Comment added", "line", () => {
        this.#open = null;
      });
    };
    return h(
      "form",
      { class: "answer line-form", on: { submit } },
      h("label", { class: "field-label", for: id }, `Write as ${this.#me.global_name}`),
      text,
      h("div", { class: "buttons" }, send, cancel),
    );
  }

  // -- who and what else

  #people() {
    return h(
      "fieldset",
      { class: "people" },
      h("legend", {}, "You are"),
      this.#options.people.map((user) => {
        const radio = h("input", { type: "radio", name: "person", value: user.id, checked: user.id === this.#me.id, "data-focus-key": user.id, "data-testid": `person-${user.kind}` });
        radio.addEventListener("change", () => {
          this.#me = user;
          this.#options.onPerson(user);
          this.#problem = "";
          this.#draw();
        });
        return h("label", { class: "forge-person" }, radio, ` ${user.global_name} `, h("span", { class: "muted" }, HINTS[user.kind]));
      }),
    );
  }

  #facts() {
    const { pull } = this.#shown;
    const names = (list) => (list.length ? list.map((one) => one.login ?? one.name).join(", ") : "none");
    return h(
      "dl",
      { class: "facts" },
      [
        ["Reviewers", names([...pull.requested_reviewers, ...pull.requested_teams])],
        ["Assignees", names(pull.assignees)],
        ["Labels", names(pull.labels)],
        ["Changes", `${pull.changed_files} files, +${pull.additions} −${pull.deletions}`],
        ["Opened", messageTime(pull.created_at)],
      ].flatMap(([term, value]) => [h("dt", {}, term), h("dd", {}, value)]),
    );
  }

  #faults() {
    const { faults, switches, planned } = this.#shown;
    return h(
      "details",
      { class: "forge-faults", "data-testid": "forge-faults", open: this.#isFaultsOpen() },
      h("summary", {}, planned ? `Break things (${planned} planned)` : "Break things"),
      switches.map(({ switch: name, words, on }) => {
        const box = h("input", { type: "checkbox", checked: on, "data-focus-key": name });
        box.addEventListener("change", () => this.#act("switch", { switch: name, on: box.checked }, words));
        return h("label", { class: "forge-switch" }, box, ` ${words}`);
      }),
      faults.map(({ kind, words }) => {
        const button = h("button", { type: "button", class: "button button-danger button-small", "data-focus-key": kind }, words);
        button.addEventListener("click", () => this.#act("fault", { kind }, words));
        return button;
      }),
    );
  }

  #isFaultsOpen() {
    return byId("content").querySelector(".forge-faults")?.open ?? false;
  }

  // -- acting

  /** A text field whose content survives drawing. */
  #field(name, id, label) {
    const text = h("textarea", { id, class: "text-input", rows: "4", maxlength: "65536", placeholder: label, value: this.#drafts.get(name) ?? "", "data-focus-key": name, "data-testid": `${name}-text` });
    text.addEventListener("input", () => this.#drafts.set(name, text.value));
    return text;
  }

  async #act(name, body, done, draft = null, then = null) {
    const { repository, number } = this.#options;
    try {
      await forge.act(name, { user: this.#me.id, repository, number, ...body });
      if (draft) this.#drafts.delete(draft);
      then?.();
      this.#problem = "";
      await this.reload();
      this.#options.announce(done);
    } catch (error) {
      this.#say(error.message);
    }
  }

  #say(problem) {
    this.#problem = problem;
    this.#draw();
  }

  /** Gives the focus back to the control that had it, or to its successor. */
  #focus() {
    const active = document.activeElement;
    const key = active?.dataset?.focusKey;
    const caret = active?.selectionStart ?? null;
    if (!key) return () => {};
    return () => {
      const fresh = byId("content").querySelector(`[data-focus-key="${CSS.escape(key)}"]`);
      fresh?.focus({ preventScroll: true });
      if (caret !== null && fresh?.setSelectionRange) fresh.setSelectionRange(caret, caret);
    };
  }
}

function section(title, ...content) {
  const id = freshId("section");
  return h("section", { class: "forge-section", "aria-labelledby": id }, h("h2", { id }, title), ...content);
}
