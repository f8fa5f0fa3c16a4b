"""Moves events of runs that ended long ago out of the database, a whole month at a time; `store/archive/` does it.

A month is moved once all of it is old enough, so that it becomes one file, or a few where it is large.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from ompycord.bot.lookups import HealthLine
from ompycord.domain.base import Millis
from ompycord.domain.configuration.retention import RetentionOptions
from ompycord.domain.ports import Clock
from ompycord.errors import OmpycordError
from ompycord.render.phrases import count
from ompycord.store.archive.moving import Archived, ArchiveTotals, DueRun
from ompycord.telemetry import get_logger

__all__ = ["EventArchive", "RetentionKeeper", "RetentionState", "retention_line"]

PAUSE_S: Final = 3600.0
STEP_S: Final = 0.05
"""Between two transactions: commits of others come first."""
EVENTS: Final = 500
"""Taken out in one transaction."""
RUNS: Final = 500
"""Looked at together, and in one file at most."""
_MIB: Final = 1_048_576

log = get_logger(__name__)


class EventArchive(Protocol):
    """The store's archive."""

    async def due(self, *, before: Millis, after: int, limit: int) -> list[DueRun]: ...
    async def archive(self, runs: list[DueRun], *, at: Millis) -> Archived | None: ...
    async def take_out(self, *, limit: int) -> int: ...
    async def tidy(self) -> None: ...
    async def totals(self) -> ArchiveTotals: ...
    async def missing(self) -> list[str]: ...


@dataclass(frozen=True)
class RetentionState:
    """What is known of it; read by health."""

    totals: ArchiveTotals | None = None
    missing: tuple[str, ...] = ()
    """Months with a file that is not where it belongs."""
    due: int = 0
    """Runs that would be moved, where that is only tried."""
    fault: str | None = None


class RetentionKeeper:
    """Looks at the start and every hour."""

    def __init__(self, *, archive: EventArchive, options: RetentionOptions, clock: Clock) -> None:
        self._archive = archive
        self._options = options
        self._clock = clock
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
            totals, missing = await self._archive.totals(), await self._archive.missing()
        except (OmpycordError, OSError) as error:
            cause = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            log.warning("retention.waits", cause=cause)
            self.state = replace(self.state, fault=cause)
            return
        for month in missing:
            log.error("archive.missing", month=month)
        self.state = RetentionState(totals=totals, missing=tuple(missing), due=due)

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


def retention_line(state: RetentionState) -> HealthLine:
    """The line of `/omp health`."""
    name = "Archive"
    if state.fault is not None:
        return HealthLine(name=name, is_ok=False, text=f"old events stay in the database: {state.fault}")
    if state.missing:
        text = f"a file of {state.missing[0]} is gone from the folder `artifacts`: put it back from a backup"
        return HealthLine(name=name, is_ok=False, text=text)
    words = f"; {count(state.due, 'run')} would go, but retention.dry_run is set" if state.due else ""
    totals = state.totals
    if totals is None or not totals.files:
        return HealthLine(name=name, is_ok=True, text=f"all events are in the database{words}")
    text = (
        f"events of {count(totals.runs, 'run')} up to {totals.month} in {count(totals.files, 'file')}, "
        f"{totals.size / _MIB:,.1f} MiB{words}"
    )
    return HealthLine(name=name, is_ok=True, text=text)
