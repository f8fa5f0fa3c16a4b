"""What following a pull request needs of its forge and of the store; counterpart of `forge.py`, which opens it.

Methods of the forge raise ForgeFailed, those of the store StorageError.
"""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import NamedTuple, Protocol

from ompycord.domain.configuration.forge_options import ForgeSpec
from ompycord.domain.ids import RunId
from ompycord.domain.issues.seen import SeenIssue
from ompycord.domain.pull_requests.record import PullRequestRecord
from ompycord.domain.pull_requests.seen import SeenChecks, SeenDiscussion, SeenPull
from ompycord.domain.repository import RepositorySpec

__all__ = [
    "IssueReads",
    "MergedOnTrial",
    "OpenFollowing",
    "OpenIssues",
    "OpenedByRun",
    "PullRequestActs",
    "PullRequestForge",
    "PullRequestReads",
    "PullRequestRecords",
    "ResultPlace",
    "TrialMerges",
]


class OpenedByRun(NamedTuple):
    """A pull request that a run opened or adopted, as its log says."""

    run: RunId
    chain: str
    repository: str
    number: int


class PullRequestRecords(Protocol):
    """The records of pull requests."""

    async def pull_request(self, repository: str, number: int) -> PullRequestRecord | None:
        """One; None where none is known."""
        ...

    async def pull_requests_of(self, chain: RunId) -> list[PullRequestRecord]:
        """Those of a chain by its first run, the newest first."""
        ...

    async def pull_requests(self) -> list[PullRequestRecord]:
        """Those of all repositories, the open ones first; at most 1,000."""
        ...

    async def keep_pull_request(self, record: PullRequestRecord) -> None:
        """Put it in place of what was known."""
        ...

    async def involved(self, chain: RunId) -> Mapping[str, str]:
        """The people who asked for runs of a chain or decided anything about them: names by Discord id."""
        ...

    async def opened_since_last(self) -> tuple[list[OpenedByRun], int]:
        """What runs opened since `seen_opened`, and up to where the log was searched."""
        ...

    async def seen_opened(self, position: int) -> None:
        """Everything up to this position has a record."""
        ...


class PullRequestReads(Protocol):
    """One repository's pull requests, read. All of it is safe to repeat, and free where nothing changed."""

    async def open_pulls(self) -> Mapping[int, SeenPull]:
        """All that are open, by their numbers; as many as 1,000, the last changed ones."""
        ...

    async def pull(self, number: int) -> SeenPull:
        """One, also where it has ended."""
        ...

    async def checks(self, commit: str, *, base: str) -> SeenChecks:
        """The checks of a commit, and which of them `base` requires; `base` empty: none."""
        ...

    async def discussion(self, number: int) -> SeenDiscussion:
        """What was written about it."""
        ...

    async def has_branch(self, branch: str) -> bool:
        """Whether the branch is there."""
        ...

    async def log_of(self, job: int) -> str | None:
        """The end of the log of a job; None where it is gone."""
        ...


class PullRequestActs(Protocol):
    """What is done to a pull request after it was opened."""

    async def comment(self, number: int, *, marker: str, text: str, thread: int | None = None) -> None:
        """Write below it, or into a thread, once: ours with this mark stays. Probed before it is repeated."""
        ...

    async def close_pull(self, number: int) -> None:
        """Close it without merging. Safe to repeat."""
        ...


class IssueReads(Protocol):
    """The issues of one repository."""

    async def issue(self, number: int) -> SeenIssue:
        """One with its comments. Safe to repeat, and free where nothing changed."""
        ...


class PullRequestForge(PullRequestReads, PullRequestActs, Protocol):
    """Both."""


class OpenFollowing(Protocol):
    """Opens a connection to one repository's forge; what was read before is known to the next one."""

    def __call__(self, spec: ForgeSpec) -> AbstractAsyncContextManager[PullRequestForge]:
        """Used for one look, then closed."""
        ...


class OpenIssues(Protocol):
    """The same, for issues."""

    def __call__(self, spec: ForgeSpec) -> AbstractAsyncContextManager[IssueReads]:
        """Used for one look, then closed."""
        ...


class ResultPlace(NamedTuple):
    """A commit, and where its objects are."""

    commit: str
    run: RunId | None = None
    """The run whose result it is; None where the repository itself has it."""


class MergedOnTrial(NamedTuple):
    """What a merge of two results would come to. Paths are sorted, and shown as git stores them."""

    both: tuple[str, ...] = ()
    """Files that both change."""
    conflicts: tuple[str, ...] = ()
    """Files that cannot be merged by themselves."""


class TrialMerges(Protocol):
    """Merges that are tried and not kept: no branch moves, and no file of any clone is touched."""

    async def result(self, run: RunId) -> ResultPlace | None:
        """What was collected of a run last; None where nothing was, or it is gone."""
        ...

    async def fetch(self, repository: RepositorySpec, pulls: Mapping[int, str]) -> frozenset[int]:
        """Bring the heads of pull requests here, by their numbers; those that are here then. Raises ForgeFailed."""
        ...

    async def merge(self, repository: RepositorySpec, one: ResultPlace, other: ResultPlace) -> MergedOnTrial | None:
        """None where it cannot be said: nothing is common to both, or the history here is not whole.

        Raises WorkspaceError where a folder is gone, or git cannot work here.
        """
        ...
