"""Removes attached files that nothing names any more: of runs that ended long ago, and of what became no task.

Marks of such runs go first, then contents without a mark; both can be repeated, so a crash in between costs nothing.
"""

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

from ompycord.app.retention.keeper import RetentionKeeper, retention_line
from ompycord.bot.lookups import HealthLine
from ompycord.domain.base import Millis
from ompycord.domain.configuration.retention import RetentionOptions
from ompycord.domain.ids import RunId
from ompycord.domain.ports import Clock
from ompycord.errors import OmpycordError
from ompycord.render.phrases import count
from ompycord.telemetry import get_logger
from ompycord.workspaces.retention.attached_contents import ContentSum

__all__ = ["AttachedFileNames", "AttachedFiles", "FileKeeper", "FilesState", "Retention", "files_line"]

PAUSE_S: Final = 24 * 3600.0
_DAY_MS: Final = 24 * 3_600_000
_YOUNG_MS: Final = 2 * _DAY_MS
"""For so long a content stays that nothing names yet."""
_AT_ONCE: Final = 500
_MIB: Final = 1_048_576

NO_CONTENT: Final = ContentSum(0, 0)

log = get_logger(__name__)


class AttachedFileNames(Protocol):
    """What the database says of attached files. Every method raises StorageError."""

    async def over_long_ago(self, runs: Sequence[RunId], *, before: Millis) -> list[RunId]: ...
    async def named_files(self, *, before: Millis) -> frozenset[str]: ...


class AttachedFiles(Protocol):
    """The files. Every method raises OSError."""

    async def marked_runs(self) -> list[RunId]: ...
    async def unmark(self, runs: Sequence[RunId]) -> None: ...
    async def contents(self) -> ContentSum: ...
    async def remove_unnamed(
        self, named: Collection[str], *, before: Millis, without: Collection[RunId], only_counts: bool
    ) -> ContentSum: ...


@dataclass(frozen=True)
class FilesState:
    """What is known of attached files; read by health."""

    kept: ContentSum | None = None
    due: ContentSum = NO_CONTENT
    """What would go, where that is only tried."""
    aside: str | None = None
    """A folder with an earlier database, which may name them, so that all of them stay."""
    fault: str | None = None


class FileKeeper:
    """Looks at the start and every day."""

    def __init__(
        self,
        *,
        files: AttachedFiles,
        names: AttachedFileNames,
        options: RetentionOptions,
        clock: Clock,
        aside: Callable[[], str | None],
    ) -> None:
        """`aside` names a folder to which a restore moved the database of before; it blocks."""
        self._aside = aside
        self._files = files
        self._names = names
        self._options = options
        self._clock = clock
        self.state = FilesState()

    async def run(self) -> None:
        """Runs until cancelled; what fails is told by health, and tried again."""
        while True:
            await self.inspect()
            await self._clock.sleep(PAUSE_S)

    async def inspect(self) -> None:
        """Remove what is due now."""
        try:
            aside = await asyncio.to_thread(self._aside)
            due = await self._remove() if self._options.files_days and aside is None else NO_CONTENT
            kept = await self._files.contents()
        except (OmpycordError, OSError) as error:
            cause = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            log.warning("files.wait", cause=cause)
            self.state = FilesState(fault=cause)
            return
        self.state = FilesState(
            kept=kept,
            due=due if self._options.dry_run else NO_CONTENT,
            aside=aside if self._options.files_days else None,
        )

    async def _remove(self) -> ContentSum:
        now, is_trial = self._clock.now_ms(), self._options.dry_run
        before = now - self._options.files_days * _DAY_MS
        marked = await self._files.marked_runs()
        over: list[RunId] = []
        for at in range(0, len(marked), _AT_ONCE):
            over += await self._names.over_long_ago(marked[at : at + _AT_ONCE], before=before)
        if not is_trial:
            await self._files.unmark(over)
        named = await self._names.named_files(before=before)
        done = await self._files.remove_unnamed(named, before=now - _YOUNG_MS, without=over, only_counts=is_trial)
        if done.files:
            log.info("files.due" if is_trial else "files.removed", files=done.files, bytes=done.size, runs=len(over))
        return done


class Retention(NamedTuple):
    """Both keepers of what ended long ago."""

    events: RetentionKeeper
    files: FileKeeper

    def lines(self, *, is_counted: bool) -> tuple[HealthLine, HealthLine]:
        """The lines of `/omp health`; `is_counted`: with numbers, which are of all servers."""
        return (
            retention_line(self.events.state, is_counted=is_counted),
            files_line(self.files.state, is_counted=is_counted),
        )

    def unreadable(self) -> tuple[str, ...] | None:
        """What is wrong with files of old events, as `2027-03 is missing`; None before they were looked at."""
        state = self.events.state
        return None if state.totals is None else state.unreadable


def files_line(state: FilesState, *, is_counted: bool = True) -> HealthLine:
    """The line of `/omp health`; without `is_counted` it has no numbers, which are of all servers."""
    name = "Attached files"
    if state.fault is not None:
        return HealthLine(name=name, is_ok=False, text=f"old ones stay: {state.fault}")
    if state.aside is not None:
        text = (
            f"all stay, since the database in {state.aside} may name them: remove that folder once you need it no more"
        )
        return HealthLine(name=name, is_ok=True, text=text)
    if not is_counted:
        return HealthLine(name=name, is_ok=True, text="old ones go when they are due")
    if state.kept is None or not state.kept.files:
        return HealthLine(name=name, is_ok=True, text="none")
    due = f"; {count(state.due.files, 'file')} would go, but retention.dry_run is set" if state.due.files else ""
    text = f"{count(state.kept.files, 'file')}, {state.kept.size / _MIB:,.1f} MiB{due}"
    return HealthLine(name=name, is_ok=True, text=text)
