"""What is read of the answers of Gitea and Forgejo about pull requests that are open already, and what it means; pure.

Counterpart of `following.py`, which asks. What both forges answer alike is read by `github_discussion.py`.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Final, Literal
from urllib.parse import urljoin

from pydantic import BaseModel, ConfigDict

from ompycord.domain.pull_requests.seen import SeenCheck, SeenPull, SeenReview, SeenThread
from ompycord.forge.gitea.answers import GiteaLabel, GiteaPull
from ompycord.forge.github_answers import User
from ompycord.forge.github_discussion import Comment, Review, comment_of, millis, review_of

__all__ = [
    "GiteaBranch",
    "GiteaChange",
    "GiteaCombined",
    "GiteaLine",
    "GiteaReview",
    "checks_of",
    "pull_of",
    "required_of",
    "threads_of",
]

_VERDICTS: Final[Mapping[str, str]] = {"REQUEST_CHANGES": "CHANGES_REQUESTED"}
"""GitHub's word for it, where it is another one."""
_DONE: Final[Mapping[str, str]] = {"warning": "neutral"}
"""The same of a status that has ended."""


class _Read(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class GiteaReview(Review):
    """A review; that somebody is asked for one is in the list, too."""

    official: bool = False
    """Whether it is of somebody who may write, or whom the branch's rule names."""
    dismissed: bool = False
    comments_count: int = 0

    @property
    def is_given(self) -> bool:
        """Whether somebody has spoken."""
        return self.state not in {"REQUEST_REVIEW", "PENDING"}

    @property
    def seen(self) -> SeenReview:
        """In our form."""
        state = "DISMISSED" if self.dismissed else _VERDICTS.get(self.state, self.state)
        found = review_of(self.model_copy(update={"state": state}))
        return found.model_copy(update={"is_member": self.official})


class GiteaLine(Comment):
    """A comment at a line."""

    original_position: int | None = None
    resolver: dict[str, object] | None = None

    @property
    def place(self) -> tuple[str, int, int]:
        """Comments at one place are one conversation: file, line after and line before the change."""
        return self.path, self.position or 0, self.original_position or 0


class _Status(_Read):
    context: str
    status: str
    target_url: str | None = None
    updated_at: datetime | None = None


class GiteaCombined(_Read):
    """The statuses of a commit, the newest of each context; a page of them."""

    statuses: tuple[_Status, ...] | None = None


class GiteaBranch(_Read):
    """A branch, with what of its protection everyone is told who may read it."""

    enable_status_check: bool = False
    status_check_contexts: tuple[str, ...] | None = None


class GiteaChange(_Read):
    """One line of the history of an issue."""

    id: int
    type: str = ""
    body: str | None = None
    """Of a label `1` where it was put there."""
    user: User | None = None
    label: GiteaLabel | None = None
    assignee: User | None = None
    removed_assignee: bool = False

    @property
    def about(self) -> tuple[str, str]:
        """Of which label or account it is, in small letters; of neither it is empty."""
        if self.type == "label" and self.label is not None:
            return "label", self.label.name.lower()
        if self.type == "assignees" and self.assignee is not None:
            return "assigned", self.assignee.login.lower()
        return "", ""

    @property
    def is_put(self) -> bool:
        """Whether it was put there, and not taken away."""
        return self.body == "1" if self.type == "label" else not self.removed_assignee


def pull_of(pull: GiteaPull) -> SeenPull:
    """A pull request in our form."""
    return SeenPull(
        number=pull.number,
        url=pull.html_url,
        state="merged" if pull.merged else "open" if pull.state == "open" else "closed",
        is_draft=pull.is_draft,
        branch=pull.head.branch,
        commit=pull.head.sha,
        base=pull.base.branch,
        base_commit=pull.base.sha,
        updated_at=pull.updated_at,
        merged_by=pull.merged_by.login if pull.merged_by is not None else None,
    )


def checks_of(pages: Iterable[GiteaCombined], web: str) -> tuple[SeenCheck, ...]:
    """Statuses as checks: there is nothing else there. `web` stands before addresses that name no host."""
    return tuple(
        SeenCheck(
            name=one.context,
            is_done=one.status != "pending",
            verdict="" if one.status == "pending" else _DONE.get(one.status, one.status),
            started_at=millis(one.updated_at),
            url=urljoin(f"{web}/", one.target_url) if one.target_url else None,
        )
        for page in pages
        for one in page.statuses or ()
    )


def required_of(branch: GiteaBranch | None, checks: Sequence[SeenCheck]) -> frozenset[str]:
    """The names that a branch requires. A pattern stands for those that are there, else for itself."""
    if branch is None or not branch.enable_status_check:
        return frozenset()
    names: set[str] = set()
    for pattern in branch.status_check_contexts or ():
        names |= {one.name for one in checks if fnmatchcase(one.name, pattern)} or {pattern}
    return frozenset(names)


def threads_of(lines: Iterable[GiteaLine]) -> tuple[SeenThread, ...]:
    """Comments at lines by their places, oldest first. Whether a line has changed since is not told there."""
    places: dict[tuple[str, int, int], list[GiteaLine]] = {}
    for one in sorted(lines, key=lambda line: line.id):
        places.setdefault(one.place, []).append(one)
    kind: Literal["line"] = "line"
    return tuple(
        SeenThread(
            id=found[0].id,
            path=path,
            line=new or old or None,
            is_resolved=found[0].resolver is not None,
            comments=tuple(comment_of(one, kind) for one in found),
        )
        for (path, new, old), found in places.items()
    )
