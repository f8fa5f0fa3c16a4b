"""What people and programs write to a pull request: comments, reviews, comments on lines."""

from collections.abc import Callable
from typing import Any

from ompycord.playground.forge.git_folder import GitFolder
from ompycord.playground.forge.hook_events import HookEvents
from ompycord.playground.forge.records import Records
from ompycord.playground.forge.refusals import ForgeRefusal, invalid, not_found
from ompycord.playground.forge.views import Views, base_of, head_of
from ompycord.playground.rules.documents import Json


class Discussion:
    """Of all pull requests and issues. `changed` is called with one that is shown otherwise now."""

    def __init__(
        self,
        records: Records,
        views: Views,
        *,
        git: Callable[[str], GitFolder],
        changed: Callable[[Json], None],
        hooks: HookEvents,
    ) -> None:
        self._records = records
        self._views = views
        self._git = git
        self._changed = changed
        self._hooks = hooks

    def add_comment(self, login: str, found: Json, body: str) -> Json:
        """A comment. Raises ForgeRefusal."""
        _require_text(body)
        made = self._records.add("comment", key(found), {"user": login, "body": body, **self._association(login)})
        self._changed(self._records.change("pull", found))
        self._hooks.commented(found, made)
        return made

    def add_review(self, login: str, found: Json, *, event: str, body: str, commit: str | None) -> Json:
        """A review: APPROVE, REQUEST_CHANGES or COMMENT. Raises ForgeRefusal."""
        states = {"APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED", "COMMENT": "COMMENTED"}
        if event not in states:
            raise invalid("PullRequestReview", field="event")
        if event == "APPROVE" and login == found["user"]:
            raise ForgeRefusal(422, "Unprocessable Entity", errors=["Can not approve your own pull request"])
        if event != "APPROVE" and not body.strip():
            raise invalid("PullRequestReview", field="body")
        git = self._git(found["repository"])
        made = {"user": login, "body": body, "state": states[event], "commit": commit or head_of(found, git)}
        review = self._records.add("review", key(found), made | self._association(login))
        reviewers = [one for one in found["reviewers"] if one != login]
        self._changed(self._records.change("pull", found, reviewers=reviewers))
        self._hooks.reviewed(found, review)
        return review

    async def add_line_comment(self, login: str, found: Json, given: Json) -> Json:
        """A comment on a line of the diff, or an answer to one. Raises ForgeRefusal."""
        _require_text(str(given.get("body", "")))
        git = self._git(found["repository"])
        root = self._root(found, given.get("in_reply_to"))
        head = head_of(found, git)
        if root is not None:
            place = {name: root[name] for name in ("path", "line", "original_line", "side", "hunk", "commit", "review")}
            place |= {"reply_to": root["id"]}
        else:
            path, line = str(given.get("path", "")), given.get("line")
            files = {one["path"]: one for one in await git.files(base_of(found, git), head)}
            if path not in files:
                raise invalid("PullRequestReviewComment", field="pull_request_review_thread.path")
            side = str(given.get("side", "RIGHT"))
            hunk = hunk_at(files[path]["patch"], line, side)
            if hunk is None:
                raise invalid("PullRequestReviewComment", field="pull_request_review_thread.line", code="invalid")
            place = {"path": path, "line": line, "original_line": line, "side": side, "hunk": hunk}
            place |= {"commit": str(given.get("commit_id") or head), "reply_to": None, "review": given.get("review")}
        text = {"user": login, "body": str(given["body"]), "outdated": False, "resolved": False}
        made = self._records.add("line_comment", key(found), {**place, **text, **self._association(login)})
        self._changed(self._records.change("pull", found))
        self._hooks.line_commented(found, made)
        return made

    def _root(self, found: Json, answered: Any) -> Json | None:
        if answered is None:
            return None
        root = self._records.get("line_comment", int(answered))
        if root is None or root["parent"] != key(found):
            raise not_found()
        return self._root(found, root["reply_to"]) or root

    def _association(self, login: str) -> Json:
        level = self._views.account(login)["permission"]
        known = {"admin": "OWNER", "maintain": "MEMBER", "write": "COLLABORATOR"}
        return {"association": known.get(level, "NONE")}


def key(found: Json) -> str:
    """The parent of all that belongs to a pull request or an issue."""
    return f"{found['repository']}#{found['number']}"


def hunk_at(patch: str, line: object, side: str) -> str | None:
    """The part of a diff that has a line, up to it; None where no part has it."""
    if not isinstance(line, int):
        return None
    lines: list[str] = []
    old = new = 0
    for text in patch.splitlines():
        if text.startswith("@@ "):
            before, after = text.split(" ")[1:3]
            old, new = int(before[1:].split(",")[0]), int(after[1:].split(",")[0])
            lines = [text]
            continue
        lines.append(text)
        is_old, is_new = text[:1] in ("-", " "), text[:1] in ("+", " ")
        if (side == "RIGHT" and is_new and new == line) or (side == "LEFT" and is_old and old == line):
            return "\n".join(lines)
        old, new = old + is_old, new + is_new
    return None


def _require_text(body: str) -> None:
    if not body.strip():
        raise invalid("IssueComment", field="body", code="missing_field")
    if len(body) > 65536:
        raise invalid("IssueComment", message="body is too long (maximum is 65536 characters)")
