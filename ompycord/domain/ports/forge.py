"""What publishing needs of a forge: to look at a repository, and to find and open pull requests.

Each call says whether it may be repeated blindly. Every method raises ForgeFailed.
"""

from collections.abc import Sequence
from typing import Protocol

from ompycord.domain.base import Frozen, Millis
from ompycord.domain.ids import RunId
from ompycord.domain.repository import RepositorySpec

__all__ = ["BranchPushes", "ForgeAccess", "ForgePort", "OpenedPullRequest", "ProposedPullRequest", "PushRequest"]


class ForgeAccess(Frozen):
    """What the token may do in a repository."""

    login: str
    """Whose token it is."""
    repository: str
    """`owner/name` as the forge has it now: after a renaming not what was asked for."""
    default_branch: str
    may_push: bool
    is_archived: bool
    expires_at: Millis | None = None
    """When the token ends; None where it does not, or the forge does not say."""


class OpenedPullRequest(Frozen):
    """A pull request as the forge has it."""

    number: int
    url: str
    is_draft: bool
    is_adopted: bool = False
    """Whether it was there already."""


class ProposedPullRequest(Frozen):
    """One that is to be opened."""

    head: str
    """The branch of the result, in the same repository."""
    base: str
    title: str
    body: str
    marker: str
    """Stands in the body, and tells ours from others of the same branch."""
    is_draft: bool


class ForgePort(Protocol):
    """One repository on a forge."""

    async def examine(self) -> ForgeAccess:
        """Look at the repository and at what the token may do there. Safe to repeat."""
        ...

    async def find(self, *, head: str, base: str, marker: str) -> OpenedPullRequest | None:
        """The pull request that we opened: open, of this head and base in this repository. Safe to repeat."""
        ...

    async def open(self, proposed: ProposedPullRequest) -> OpenedPullRequest:
        """Open one, or adopt ours where it is there already. Probed before it is repeated."""
        ...

    async def add_labels(self, number: int, labels: Sequence[str]) -> Sequence[str]:
        """Put labels on it; those that could not be put. None is made there. Safe to repeat."""
        ...

    async def ask_reviewers(self, number: int, reviewers: Sequence[str]) -> Sequence[str]:
        """Ask people and teams for a review; those who could not be asked. Safe to repeat."""
        ...

    async def close(self) -> None:
        """Close its connections."""
        ...


class PushRequest(Frozen):
    """A commit that goes to a branch of a forge."""

    branch: str
    commit: str
    base: str
    """The branch into which it is proposed."""
    base_commit: str
    """The commit of it from which the work started."""


class BranchPushes(Protocol):
    """Pushes results from repositories here to their forges. The token is in no argument and no address."""

    async def push(self, run: RunId, repository: RepositorySpec, request: PushRequest) -> int:
        """Put the commit on the branch there; how many commits the base has there beyond `base_commit`. Idempotent.

        What others put on the branch is never replaced. Raises ForgeFailed.
        """
        ...
