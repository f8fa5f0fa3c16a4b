"""An issue as the task of a run: exactly the text that its agent will read, by hash; pure.

Consent is a snapshot: what a person saw is what is used, and what came later is listed and not read.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime

from ompycord.domain.base import Frozen, Millis
from ompycord.domain.issues.seen import SeenIssue
from ompycord.domain.task import IssueSource

__all__ = ["IssueSnapshot", "as_of", "came_later", "hash_of", "moment_of", "text_hash"]


class IssueSnapshot(Frozen):
    """What is shown, and used once a person starts it."""

    source: IssueSource
    text: str
    """The whole task."""
    hidden: Mapping[str, int]
    """Hidden parts by their kind; they are marked in the text."""
    outsiders: tuple[str, ...]
    """Logins whose words are in it and who are no one's of the team."""
    left_out: int
    """Comments that did not fit."""


def came_later(source: IssueSource, issue: SeenIssue) -> list[str]:
    """What is there now that the run does not read, a line each."""
    found = ["its title or text was edited"] if hash_of(issue) != source.text_sha256 else []
    for comment in issue.comments:
        if comment.id > source.last_comment:
            found.append(f"a comment of {comment.login}")
        elif comment.edited_at > source.newest:
            found.append(f"a comment of {comment.login} was edited")
    return found


def as_of(issue: SeenIssue, moment: str) -> SeenIssue:
    """The issue without what was written or edited after that moment, in the forge's own time."""
    end = moment_of(moment) or 0
    times = [(one, moment_of(one.edited_at)) for one in issue.comments]
    kept = tuple(one for one, at in times if at is not None and at <= end)
    return issue.model_copy(update={"comments": kept, "newest": moment})


def moment_of(text: str) -> Millis | None:
    """A time as forges write it; None for one that is none, or has no zone."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if at.tzinfo is None else int(at.timestamp() * 1000)


def hash_of(issue: SeenIssue) -> str:
    """Of its title and text on the forge."""
    return text_hash(issue.title, issue.text)


def text_hash(title: str, text: str) -> str:
    """The same, of both alone."""
    return hashlib.sha256(f"{title}\0{text}".encode("utf-8", "replace")).hexdigest()
