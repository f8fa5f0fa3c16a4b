"""What a webhook of a forge says: which pull request to look at, or that an issue calls for a run; pure.

Of a pull request nothing is believed but its repository and its number or commit. Of an issue what was there at that
moment is kept as a hash. Gitea and Forgejo name the fields as GitHub does, but for which label or account it is about:
they tell what stands at the issue now, and newer ones which labels changed.
"""

from collections.abc import Mapping
from typing import Any, Final, Literal, NamedTuple, cast

from ompycord.domain.issues.snapshot import moment_of, text_hash

__all__ = ["CalledIssue", "ChangedPull", "HookMessage", "about", "read_hook"]

_PULL_EVENTS: Final = frozenset(
    {
        "pull_request",
        "pull_request_review",
        "pull_request_review_comment",
        "pull_request_review_thread",
        "pull_request_comment",
        "pull_request_approved",
        "pull_request_rejected",
    }
)
_COMMIT_EVENTS: Final = frozenset({"status", "check_suite", "check_run", "workflow_run"})
_LABEL_ACTIONS: Final[Mapping[str, bool]] = {"labeled": True, "unlabeled": False}
_ASSIGN_ACTIONS: Final[Mapping[str, bool]] = {"assigned": True, "unassigned": False}
_LABELS_CHANGED: Final = frozenset({"label_updated", "label_cleared"})
_ISSUE_EVENTS: Final = frozenset({"issues", "issue_label", "issue_assign"})
_HIGHEST: Final = 2**31
_TEXT: Final = 200_000
_LONGEST: Final = 200
"""Characters of a name or a time."""
_MOST: Final = 100
"""Labels or assignees of an issue that are looked at."""


class ChangedPull(NamedTuple):
    """A pull request to look at: by its number, or by the commit of which something was said."""

    number: int | None
    commit: str | None


class CalledIssue(NamedTuple):
    """A label or an assignment at an open issue."""

    number: int
    kind: Literal["label", "assigned"]
    value: str
    """The label, or to whom it is assigned; empty where `there` has all of them."""
    is_set: bool
    """False where it was taken away."""
    login: str
    """Who did it."""
    text_sha256: str
    """Of the issue's title and text at that moment."""
    moment: str
    """The forge's own time of it."""
    there: tuple[str, ...] | None = None
    """All that stand at the issue now, where the forge does not say which one it is about."""
    changed: tuple[str, ...] | None = None
    """Those that were put there or taken away, where it says so."""


class HookMessage(NamedTuple):
    """What counts of a delivery."""

    repository: str
    """`owner/name`, in small letters."""
    pull: ChangedPull | None = None
    issue: CalledIssue | None = None


def about(issue: CalledIssue, wanted: str | None) -> CalledIssue | None:
    """The same about this one label or account alone; None where it says nothing of it."""
    if wanted is None:
        return None
    name = wanted.lower()
    if issue.there is None:
        return issue if issue.value.lower() == name else None
    if issue.changed is not None and name not in {one.lower() for one in issue.changed}:
        return None
    is_set = name in {one.lower() for one in issue.there}
    return issue._replace(value=wanted, is_set=is_set, there=None, changed=None)


def read_hook(event: str, payload: Mapping[str, Any]) -> HookMessage | None:
    """What it says; None for what is of no interest here."""
    name = _text(_at(payload, "repository", "full_name"))
    if not name:
        return None
    if event in _ISSUE_EVENTS:
        issue = _issue(payload)
        return None if issue is None else HookMessage(name.lower(), issue=issue)
    pull = _pull(event, payload)
    return None if pull is None else HookMessage(name.lower(), pull=pull)


def _pull(event: str, payload: Mapping[str, Any]) -> ChangedPull | None:
    if event in _PULL_EVENTS:
        number = _number(_at(payload, "pull_request", "number")) or _number(_at(payload, "number"))
        return None if number is None else ChangedPull(number, None)
    if event == "issue_comment":
        number = _number(_at(payload, "issue", "number"))
        is_pull = isinstance(_at(payload, "issue", "pull_request"), dict) or _at(payload, "is_pull") is True
        return ChangedPull(number, None) if is_pull and number is not None else None
    if event in _COMMIT_EVENTS:
        commit = _text(_at(payload, "sha")) or _text(_at(payload, event, "head_sha"))
        return ChangedPull(None, commit) if commit else None
    return None


def _issue(payload: Mapping[str, Any]) -> CalledIssue | None:
    action = _text(_at(payload, "action"))
    issue = _at(payload, "issue")
    number = _number(_at(issue, "number"))
    if number is None or _at(issue, "state") != "open" or isinstance(_at(issue, "pull_request"), dict):
        return None
    login = _text(_at(payload, "sender", "login"))
    moment = _text(_at(issue, "updated_at"))
    title, body = _at(issue, "title"), _at(issue, "body")
    if not login or moment_of(moment) is None or not isinstance(title, str):
        return None
    text = body if isinstance(body, str) else ""
    if len(title) + len(text) > _TEXT:
        return None
    sha256 = text_hash(title, text)
    if action in _LABELS_CHANGED:
        there, changed = _names(_at(issue, "labels"), "name"), _changed_labels(payload)
        return CalledIssue(number, "label", "", True, login, sha256, moment, there, changed)
    if action in _ASSIGN_ACTIONS and _at(payload, "assignee") is None and "assignees" in cast("Any", issue):
        there = _names(_at(issue, "assignees"), "login")
        return CalledIssue(number, "assigned", "", True, login, sha256, moment, there)
    if action in _LABEL_ACTIONS:
        kind, value, is_set = "label", _text(_at(payload, "label", "name")), _LABEL_ACTIONS[action]
    elif action in _ASSIGN_ACTIONS:
        kind, value, is_set = "assigned", _text(_at(payload, "assignee", "login")), _ASSIGN_ACTIONS[action]
    else:
        return None
    return CalledIssue(number, kind, value, is_set, login, sha256, moment) if value else None


def _changed_labels(payload: Mapping[str, Any]) -> tuple[str, ...] | None:
    """Newer servers say which; None where it is not said."""
    changes = _at(payload, "changes")
    lists = [_at(changes, name) for name in ("added_labels", "removed_labels")]
    if not any(isinstance(one, list) for one in lists):
        return None
    return tuple(name for one in lists for name in _names(one, "name"))


def _names(value: object, field: str) -> tuple[str, ...]:
    ones = cast("list[object]", value)[:_MOST] if isinstance(value, list) else []
    return tuple(name for one in ones if (name := _text(_at(one, field))))


def _at(value: object, *names: str) -> object:
    for name in names:
        if not isinstance(value, dict):
            return None
        value = cast("dict[str, Any]", value).get(name)
    return value


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST or any(map(_is_broken, value)):
        return ""
    return value


def _is_broken(sign: str) -> bool:
    return sign == "\0" or "\ud800" <= sign <= "\udfff"


def _number(value: object) -> int | None:
    is_one = isinstance(value, int) and not isinstance(value, bool) and 0 < value < _HIGHEST
    return cast("int", value) if is_one else None
