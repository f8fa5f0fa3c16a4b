"""What the forge tells of what happened, in the shapes of GitHub's webhooks; `hook_sender.py` delivers it.

Source: GitHub, "Webhook events and payloads". Of each event there is what a receiver needs to know which thing to look
at, and who did it.
"""

from collections.abc import Callable
from typing import Final

from ompycord.playground.forge.git_folder import GitFolder
from ompycord.playground.forge.records import APP, Records
from ompycord.playground.forge.views import Views
from ompycord.playground.rules.documents import Json

ABOUT: Final = {
    "labeled": "label",
    "unlabeled": "label",
    "assigned": "assignee",
    "review_requested": "requested_reviewer",
}
"""The field that names what a line of the timeline is about."""
PULLS_ALONE: Final = frozenset({"review_requested", "synchronize", "ready_for_review", "converted_to_draft"})


class HookEvents:
    """One for a forge. Nothing is made while no one listens."""

    def __init__(self, records: Records, views: Views, *, git: Callable[[str], GitFolder]) -> None:
        self._records = records
        self._views = views
        self._git = git
        self.on_event: Callable[[str, Json], None] | None = None
        """Called with an event's name and its payload."""

    def happened(self, found: Json, action: str, login: str, about: str | None = None) -> None:
        """To an issue or a pull request: opened, labeled, closed …; a merge closes."""
        action = "closed" if action == "merged" else action
        if (found["head"] is None and action in PULLS_ALONE) or self.on_event is None:
            return
        more: Json = {"action": action}
        if action in ABOUT and about is not None:
            is_label = ABOUT[action] == "label"
            more[ABOUT[action]] = self._label(found, about) if is_label else self._views.user(about)
        self._send("issues" if found["head"] is None else "pull_request", found, login, more)

    def commented(self, found: Json, made: Json) -> None:
        """A comment below an issue or a pull request."""
        if self.on_event is not None:
            issue = self._views.issue(found, self._git(found["repository"]))
            self._emit(
                "issue_comment", found["repository"], made["user"],
                {"action": "created", "issue": issue, "comment": self._views.comment(made)},
            )  # fmt: skip

    def reviewed(self, found: Json, made: Json) -> None:
        """A review."""
        if self.on_event is not None:
            self._send(
                "pull_request_review", found, made["user"], {"action": "submitted", "review": self._views.review(made)}
            )

    def line_commented(self, found: Json, made: Json) -> None:
        """A comment on a line."""
        if self.on_event is not None:
            shown = self._views.line_comment(made, self._git(found["repository"]))
            more: Json = {"action": "created", "comment": shown}
            self._send("pull_request_review_comment", found, made["user"], more)

    def status(self, full_name: str, made: Json) -> None:
        """A commit status."""
        shown = self._views.status(full_name, made) if self.on_event is not None else {}
        kept = ("id", "context", "state", "description", "target_url", "created_at", "updated_at")
        more: Json = {name: shown.get(name) for name in kept}
        self._emit(
            "status", full_name, made["user"], {**more, "sha": made["commit"], "name": full_name, "branches": []}
        )

    def check(self, full_name: str, made: Json) -> None:
        """A check run that began, or ended."""
        if self.on_event is not None:
            action = "completed" if made["status"] == "completed" else "created"
            more: Json = {"action": action, "check_run": self._views.check_run(full_name, made)}
            self._emit("check_run", full_name, APP, more)

    def _label(self, found: Json, name: str) -> Json:
        return next(iter(self._views.labels(found["repository"], [name])), {"name": name})

    def _send(self, event: str, found: Json, login: str, more: Json) -> None:
        git = self._git(found["repository"])
        if found["head"] is None:
            shown: Json = {"issue": self._views.issue(found, git)}
        else:
            shown = {"number": found["number"], "pull_request": self._views.pull(found, git)}
        self._emit(event, found["repository"], login, {**more, **shown})

    def _emit(self, event: str, full_name: str, login: str, more: Json) -> None:
        if self.on_event is None:
            return
        repository = self._views.repository(self._records.named("repository", full_name) or {})
        self.on_event(event, {**more, "repository": repository, "sender": self._views.user(login)})
