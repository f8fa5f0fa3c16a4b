"""Ports of the work on a repository: its clones, results, the engine.

Implemented by workspaces and engines. `ompycord.testing` holds a double of each.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol

from ompycord.domain.base import Frozen, Millis
from ompycord.domain.effects import StepOrder
from ompycord.domain.events import (
    ChangedFile,
    EffectFinished,
    LeftOut,
    ResultGuarded,
)
from ompycord.domain.folds.follow_up import Former
from ompycord.domain.ids import RunId
from ompycord.domain.ports.guard import GuardRules
from ompycord.domain.ports.trees import ResultTrees, TreeEntry
from ompycord.domain.repository import RepositorySpec

__all__ = [
    "Branches",
    "Collected",
    "Engine",
    "Prepared",
    "Published",
    "ReadingCopy",
    "Takeovers",
    "WorkResults",
    "Workspaces",
]


class Prepared(Frozen):
    """A clone that is ready."""

    path: Path
    base_commit: str
    base_branch: str
    session: str | None = None
    """The session of a run before it whose HOME is this one's now; None where none was kept."""


class Collected(Frozen):
    """What a run made. `commit` is None when it changed nothing."""

    commit: str | None
    files: tuple[ChangedFile, ...]
    total: int
    diff: Path | None
    """The whole diff as a file."""
    left_out: tuple[LeftOut, ...] = ()
    """What the agent left that is not in the result."""
    taken: str = ""
    """What the result was taken from where that is not what the agent had checked out; else empty."""
    guarded: ResultGuarded | None = None
    """What the guard says. With findings all else is the result before this one."""


class Published(Frozen):
    """Where the result is published."""

    branch: str | None
    """None when there was nothing to publish."""
    commit: str | None = None


class ReadingCopy(Protocol):
    """A throw-away copy of a result, or of the base, for an agent that only reads."""

    @property
    def path(self) -> Path:
        """Its folder, with a `.git` of its own: one commit, no remote."""
        ...

    @property
    def commit(self) -> str:
        """The commit whose files it holds."""
        ...

    async def changes(self) -> tuple[str, ...]:
        """The paths at which it differs from what it was, sorted; `.git` where something was committed there.

        Read file by file by ourselves: no program is started in it. Raises WorkspaceError.
        """
        ...


class Branches(Protocol):
    """The branches of repositories."""

    async def tip(self, repository: RepositorySpec, branch: str) -> str | None:
        """The commit at which a branch stands, as far as it is known here; None where there is none.

        Raises WorkspaceError.
        """
        ...


class Takeovers(Protocol):
    """People who work in the clones of stopped runs, at a terminal. Every method raises WorkspaceError."""

    async def is_taken_over(self, run: RunId) -> bool:
        """Whether a person works in the run's clone at a terminal now."""
        ...

    async def was_taken_over(self, run: RunId) -> bool:
        """Whether a person worked there since `forget_takeover` was called last."""
        ...

    async def forget_takeover(self, run: RunId) -> None:
        """What a person did there before now is told."""
        ...


class Workspaces(Branches, Protocol):
    """The clones of runs. The host's git never runs inside an agent's folder. Every method raises WorkspaceError."""

    async def prepare(
        self,
        run: RunId,
        repository: RepositorySpec,
        *,
        base: str | None,
        former: Former | None = None,
        branch: str | None = None,
    ) -> Prepared:
        """Make a fresh clone of `base` (None: the repository's own) on `branch` and return it. Idempotent.

        An earlier clone of this run is discarded first. With `former` the run follows up others: where they have a
        branch, the clone is of its tip, and the newest of their sessions that is still kept is this run's HOME.
        """
        ...

    async def workspace(self, run: RunId) -> Prepared | None:
        """The run's clone; None where it has none."""
        ...

    async def write_file(self, run: RunId, name: str, data: bytes) -> Path:
        """Put a file that came with the task beside the run's clone, readable for its agent; the folder it is in.

        Idempotent.
        """
        ...

    async def set_aside(self, run: RunId, why: str) -> str:
        """Keep the run's clone as it is, also from `discard`, since nothing of it may be collected.

        Returns where it is, as a sentence for people. Idempotent.
        """
        ...

    async def keep_session(
        self, run: RunId, *, grants: Sequence[Path], granted: Callable[[str], str | None] | None, at: Millis
    ) -> bool:
        """Keep the HOME of the run's agent for follow-ups, without what it was granted; whether it is kept.

        `grants` are files of the user's own, `granted` names the secret that stands in a text. Idempotent.
        """
        ...

    async def discard(self, run: RunId) -> None:
        """Remove the run's clone, unless it was set aside. Idempotent; the result stays, and a session that is kept."""
        ...


class WorkResults(Protocol):
    """What runs made, taken out of their clones: collected, checked out, published.

    Every method raises WorkspaceError.
    """

    async def collect(
        self,
        run: RunId,
        repository: RepositorySpec,
        *,
        message: str,
        co_author: str | None = None,
        granted: Callable[[str], str | None] | None = None,
        rules: GuardRules | None = None,
    ) -> Collected:
        """Commit what is there (inside), bundle it, fetch the bundle with fsck, list the changes. Idempotent.

        `message` is the commit's. `co_author` (`Name <address>`) stands on the last commit, also where the agent made
        that one. `granted` gives the name of the granted secret that stands in a text, None where none does. Raises
        ResultWithheld where one stands in what would be published: in a file, a name or a message of a commit.
        What breaks one of the `rules` is not taken, and the result before it stays.
        """
        ...

    async def result(self, run: RunId) -> Collected | None:
        """What was collected last, as long as it is kept; None before."""
        ...

    async def trees(self, run: RunId) -> ResultTrees:
        """The trees of the base and of what was collected (of the base twice where nothing was).

        The base of a follow-up is that of the first run on its branch. Raises WorkspaceError where that is gone.
        """
        ...

    async def base_file(self, run: RunId, path: str) -> bytes | None:
        """A file of the base, as `trees` has it; None where there is none."""
        ...

    def checkout(
        self,
        run: RunId,
        repository: RepositorySpec,
        *,
        with_git: bool = False,
        tree: Mapping[str, TreeEntry] | None = None,
    ) -> AbstractAsyncContextManager[Path]:
        """A throw-away checkout of what was collected (or of the base), for one check; its folder.

        `tree`: it holds these files instead, all of which the base or the result has.
        `with_git`: it has a small `.git` of its own, with one commit and no remote.
        """
        ...

    def copy(self, run: RunId, repository: RepositorySpec) -> AbstractAsyncContextManager[ReadingCopy]:
        """A throw-away copy of what was collected (or of the base), for one start of an agent that only reads.

        Whatever is changed in it is dropped with it.
        """
        ...

    async def roll_back(
        self, run: RunId, commit: str, *, branch: str, key: str, granted: Callable[[str], str | None] | None = None
    ) -> Collected:
        """Make the run's clone anew, on `branch`, with a result that was collected earlier; that is the result then.

        Idempotent for one `key`, which names the time that it is done. The result that it leaves is kept beside it, and
        so is what the clone held that no result has: `left_out` names that with its ref, or with why it is not kept.
        """
        ...

    async def publish(self, run: RunId, repository: RepositorySpec, *, branch: str) -> Published:
        """Put the collected commit on a branch of the repository. Idempotent; never the base branch.

        A follow-up moves the branch from which it started, unless others moved it since.
        """
        ...


class Engine(Protocol):
    """Where effects run: in this process, or on worker machines."""

    async def perform(self, order: StepOrder) -> EffectFinished:
        """Do one step and return how it ended. Idempotent, except for `build`. Cancellation stops what it started.

        Raises OmpycordError for what could not be done: StorageError where it must be tried again, any other error is
        the step's failure.
        """
        ...

    async def kill_strays(self, run: RunId) -> None:
        """Kill what an earlier process of ours left running for this run."""
        ...
