"""What a forge shows of a pull request, in one form for all forges; `ports/following.py` reads it."""

from typing import Literal

from ompycord.domain.base import Frozen, Millis

__all__ = ["SeenCheck", "SeenChecks", "SeenComment", "SeenDiscussion", "SeenPull", "SeenReview", "SeenThread"]


class SeenPull(Frozen):
    """A pull request."""

    number: int
    url: str
    state: Literal["open", "merged", "closed"]
    is_draft: bool
    branch: str
    """Its head; in the same repository."""
    commit: str
    base: str
    base_commit: str
    updated_at: str
    """As the forge writes it: only compared."""
    merged_by: str | None = None


class SeenCheck(Frozen):
    """A check of the pull request's own CI."""

    name: str
    app: str = ""
    workflow: str = ""
    """What tells checks of one name apart; empty where the forge does not say."""
    is_done: bool
    verdict: str = ""
    """The conclusion in the forge's word; empty while it runs."""
    started_at: Millis = 0
    url: str | None = None
    job: int | None = None
    """By which its log is read; None where it has none."""


class SeenChecks(Frozen):
    """All checks of one commit."""

    checks: tuple[SeenCheck, ...] = ()
    required: frozenset[str] = frozenset()
    """Names that must report before the base takes it; those that the forge lets us know."""
    is_seen: bool = True
    """Whether the token may look."""


class SeenComment(Frozen):
    """What someone wrote: below the pull request or issue, in a review, or at a line."""

    id: int
    kind: Literal["comment", "review", "line"]
    login: str
    author: int
    """The author's number: logins can change."""
    is_bot: bool
    text: str
    at: Millis
    url: str
    association: str = ""
    """How the forge says the author stands to the repository."""


class SeenReview(Frozen):
    """The verdict of a review."""

    id: int
    login: str
    author: int
    is_bot: bool
    verdict: Literal["approved", "refused", "commented", "dismissed"]
    commit: str | None = None
    at: Millis
    is_member: bool = False
    """Whether the forge says that the author is of the repository; anybody may review a public one."""


class SeenThread(Frozen):
    """Comments at one place of the diff, oldest first."""

    id: int
    """The first comment's."""
    path: str
    line: int | None = None
    """None where the place is not in the diff any more."""
    is_resolved: bool = False
    is_outdated: bool = False
    comments: tuple[SeenComment, ...]

    @property
    def is_open(self) -> bool:
        """Whether it is work."""
        return not self.is_resolved


class SeenDiscussion(Frozen):
    """All that was written about a pull request."""

    me: int
    """Our own number."""
    login: str
    """Our own login, by which we are mentioned."""
    comments: tuple[SeenComment, ...] = ()
    reviews: tuple[SeenReview, ...] = ()
    review_texts: tuple[SeenComment, ...] = ()
    threads: tuple[SeenThread, ...] = ()
    unread: str = ""
    """A sentence about what is too long to be read whole; empty where all of it was read."""
