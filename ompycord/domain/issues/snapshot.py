"""An issue as the task of a run: exactly the text that its agent will read, by hash; pure.

Consent is a snapshot: what a person saw is what is used, and what came later is listed and not read.
"""

import hashlib
from collections.abc import Mapping

from ompycord.domain.base import Frozen
from ompycord.domain.issues.seen import SeenIssue
from ompycord.domain.task import IssueSource

__all__ = ["IssueSnapshot", "came_later", "hash_of"]


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


def hash_of(issue: SeenIssue) -> str:
    """Of its title and text on the forge."""
    return hashlib.sha256(f"{issue.title}\0{issue.text}".encode()).hexdigest()
