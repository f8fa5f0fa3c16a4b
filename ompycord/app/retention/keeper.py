"""Moves events of runs that ended long ago out of the database, a whole month at a time; `store/archive/` does it.

A month is moved once all of it is old enough, so that it becomes one file, or a few where it is large.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from ompycord.app.team.unreached import Unreached
from ompycord.bot.lookups import HealthLine
from ompycord.domain.base import Millis
from ompycord.domain.configuration.retention import RetentionOptions
from ompycord.domain.ports import Clock
from ompycord.errors import OmpycordError
from ompycord.render.phrases import count
from ompycord.store.archive.files import FileState
from ompycord.store.archive.moving import Archived, ArchivedFile, ArchiveTotals, DueRun
from ompycord.store.archive.record_files import SeenRecordFile
from ompycord.telemetry import get_logger

__all__ = [
    "EventArchive",
    "RetentionKeeper",
    "RetentionState",
    "retention_line",
    "unreadable_months",
    "unreadable_rows",
]

PAUSE_S: Final = 3600.0
STEP_S: Final = 0.05
"""Between two transactions: commits of others come first."""
EVENTS: Final = 500
"""Taken out in one transaction."""
RUNS: Final = 500
"""Looked at together, and in one file at most."""
_MIB: Final = 1_048_576
_DAY_MS: Final = 24 * 3_600_000

log = get_logger(__name__)


class EventArchive(Protocol):
    """The store's archive."""

    async def due(self, *, before: Millis, after: int, limit: int) -> list[DueRun]: ...
    async def archive(self, runs: list[DueRun], *, at: Millis) -> Archived | None: ...
    async def take_out(self, *, limit: int) -> int: ...
    async def tidy(self) -> None: ...
    async def totals(self) -> ArchiveTotals: ...
    async def files(self, *, is_thorough: bool = True) -> list[ArchivedFile]: ...


class RecordArchive(Protocol):
    """The files with old rows of the record."""

    async def seen(self, *, is_thorough: bool = True) -> list[SeenRecordFile]: ...


@dataclass(frozen=True)
class RetentionState:
    """What is known of it; read by health."""

    totals: ArchiveTotals | None = None
    unreadable: tuple[str, ...] = ()
    """What is wrong with files, as `2027-03 is missing`, or `rows 1 to 9 of the record is missing`."""
    unreached: tuple[Unreached, ...] = ()
    """What an erasure did not reach and is back."""
    due: int = 0
    """Runs that would be moved, where that is only tried."""
    fault: str | None = None


class RetentionKeeper:
    """Looks at the start and every hour."""

    def __init__(
        self,
        *,
        archive: EventArchive,
        record: RecordArchive,
        options: RetentionOptions,
        clock: Clock,
        unreached: Callable[[], Iterable[Unreached]] = tuple,
    ) -> None:
        """`unreached` reads what erasures could not reach; it blocks."""
        self._archive = archive
        self._record = record
        self._options = options
        self._clock = clock
        self._unreached = unreached
        self._read_day = -1
        self.state = RetentionState()

    async def run(self) -> None:
        """Runs until cancelled; what fails is told by health, and tried again."""
        while True:
            await self.inspect()
            await self._clock.sleep(PAUSE_S)

    async def inspect(self) -> None:
        """Move what is due now."""
        try:
            await self._archive.tidy()
            await self._take_out()
            due = await self._move() if self._options.events_days else 0
            totals, unreadable = await self._archive.totals(), await self._unreadable()
            unreached = await asyncio.to_thread(lambda: sorted(self._unreached()))
        except (OmpycordError, OSError) as error:
            cause = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            log.warning("retention.waits", cause=cause)
            self.state = replace(self.state, fault=cause)
            return
        for of, state in unreadable.items():
            log.error("archive.unreadable", of=of, state=state.value)
        self.state = RetentionState(
            totals=totals,
            unreadable=tuple(f"{of} is {state.value}" for of, state in unreadable.items()),
            unreached=tuple(one for one in unreached if one.of not in unreadable),
            due=due,
        )

    async def _unreadable(self) -> dict[str, FileState]:
        """What is not as it was made. Once a day every byte of all files is read; else only of what has changed."""
        day = self._clock.now_ms() // _DAY_MS
        is_thorough = day != self._read_day
        months = unreadable_months(await self._archive.files(is_thorough=is_thorough))
        rows = unreadable_rows(await self._record.seen(is_thorough=is_thorough))
        self._read_day = day
        return months | rows

    async def _move(self) -> int:
        """The number of runs that are due and stay, since it is only tried."""
        before, after, staying = month_before(self._clock.now_ms(), self._options.events_days), 0, 0
        while due := await self._archive.due(before=before, after=after, limit=RUNS):
            if self._options.dry_run:
                after, staying = due[-1].pk, staying + len(due)
                log.info("retention.due", runs=len(due), months=sorted({one.month for one in due}))
                continue
            done = await self._archive.archive(due, at=self._clock.now_ms())
            if done is None:  # somebody still reads the first of them
                after = due[0].pk
                continue
            log.info("archive.made", month=done.month, runs=done.runs, events=done.events, bytes=done.size)
            await self._take_out()
        return staying

    async def _take_out(self) -> None:
        while await self._archive.take_out(limit=EVENTS):
            await self._clock.sleep(STEP_S)


def month_before(now: Millis, days: int) -> Millis:
    """The beginning of the month, by UTC, in which it was so many days ago: all before it is older."""
    then = datetime.fromtimestamp(now / 1000, UTC) - timedelta(days=days)
    return round(then.replace(day=1, hour=0, minute=0, second=0, microsecond=0).timestamp() * 1000)


def unreadable_months(files: Iterable[ArchivedFile]) -> dict[str, FileState]:
    """The months with a file that is not as it was made, the oldest first."""
    return {one.archived.month: one.state for one in files if one.state is not FileState.PRESENT}


def unreadable_rows(files: Iterable[SeenRecordFile]) -> dict[str, FileState]:
    """The same of files with rows of the record, by these rows."""
    return {one.file.named: one.state for one in files if one.state is not FileState.PRESENT}


def retention_line(state: RetentionState, *, is_counted: bool = True) -> HealthLine:
    """The line of `/omp health`. `is_counted`: with the number of runs, which are those of all servers."""
    name = "Archive"
    if state.fault is not None:
        return HealthLine(name=name, is_ok=False, text=f"old events stay in the database: {state.fault}")
    if state.unreadable:
        text = f"the file of {', '.join(state.unreadable)}: `ompycord archive restore` brings it back from a backup"
        return HealthLine(name=name, is_ok=False, text=text)
    if state.unreached:
        pseudonym, of = state.unreached[0]
        text = (
            f"the file of {of} is back and may name {pseudonym}, who was erased meanwhile: "
            "`ompycord person erase ID --name NAME`"
        )
        return HealthLine(name=name, is_ok=False, text=text)
    due = count(state.due, "run") if is_counted else "runs"
    words = f"; {due} would go, but retention.dry_run is set" if state.due else ""
    totals = state.totals
    if totals is None or not totals.files:
        return HealthLine(name=name, is_ok=True, text=f"all events are in the database{words}")
    if not is_counted:
        return HealthLine(name=name, is_ok=True, text=f"events of runs up to {totals.month} are in files{words}")
    text = (
        f"events of {count(totals.runs, 'run')} up to {totals.month} in {count(totals.files, 'file')}, "
        f"{totals.size / _MIB:,.1f} MiB{words}"
    )
    return HealthLine(name=name, is_ok=True, text=text)
