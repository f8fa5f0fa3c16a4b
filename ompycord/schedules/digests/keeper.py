"""Tells what happened when it is due: each span once, one for a whole downtime, in active hours, never an empty one.

Counterpart: `render/schedules/digest.py`, its words.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Literal
from zoneinfo import ZoneInfo

from ompycord.conductor import Snapshots
from ompycord.domain.base import Millis
from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.ids import RunId
from ompycord.domain.ports import Clock, RunFilter, RunRecords
from ompycord.domain.ports.schedules import DigestRows
from ompycord.domain.run import RunKind, RunRecord
from ompycord.domain.schedules.announcement import Announcement
from ompycord.domain.schedules.digest_options import DigestOptions
from ompycord.domain.schedules.timetable import Due, Timetable, next_after
from ompycord.domain.schedules.zones import local_of
from ompycord.errors import OmpycordError
from ompycord.render.sanitizer import Sanitizer
from ompycord.render.schedules.digest import DAY_MS, Digest, digest_chart, digest_text
from ompycord.schedules.when import read_when
from ompycord.telemetry import get_logger

__all__ = ["DigestKeeper"]

PAUSE_S: Final = 60.0
_AT_ONCE: Final = 100
_OPEN: Final = 200
_SPANS: Final = 7
_LENGTHS: Final[dict[Literal["daily", "weekly"], Millis]] = {"daily": DAY_MS, "weekly": 7 * DAY_MS}

DigestKind = Literal["daily", "weekly"]

log = get_logger(__name__)


class DigestKeeper:
    """Runs as one task for the life of the process."""

    def __init__(
        self,
        *,
        options: DigestOptions,
        rows: DigestRows,
        runs: RunRecords,
        snapshots: Snapshots,
        clock: Clock,
        guild: str,
        channel: str,
        weekly_notes: Callable[[Millis], Awaitable[Sequence[str]]],
        new_nonce: Callable[[], str],
        redact: Callable[[str], str],
    ) -> None:
        """`weekly_notes`: further lines of a week that began then."""
        self._options = options
        self._weekly_notes = weekly_notes
        self._rows = rows
        self._runs = runs
        self._snapshots = snapshots
        self._clock = clock
        self._guild = guild
        self._channel = channel
        self._new_nonce = new_nonce
        self._redact = redact
        zone = options.zone
        self._jobs: dict[DigestKind, Timetable] = {}
        if options.daily is not None:
            self._jobs["daily"] = read_when(f"daily {options.daily}", zone, now=0)
        if options.weekly is not None:
            self._jobs["weekly"] = read_when(f"weekly {options.weekly}", zone, now=0)

    async def run(self) -> None:
        """Look once a minute until cancelled; returns at once where no digest is wanted."""
        if not self._jobs or not self._channel:
            return
        while True:
            try:
                await self.inspect()
            except OmpycordError as error:
                log.warning("digests.wait", cause=str(error))
            await self._clock.sleep(PAUSE_S)

    async def inspect(self) -> None:
        """Tell what is due. Raises StorageError."""
        for kind, times in self._jobs.items():
            await self._inspect(kind, times)

    async def _inspect(self, kind: DigestKind, times: Timetable) -> None:
        now, zone = self._clock.now_ms(), self._options.place
        job = f"digest:{kind}:{self._guild}"
        reported = await self._rows.reported_until(job)
        if not reported:
            await self._rows.advance(job, expect=0, end=now, announcement=None)
            return
        due = _last_due(times, zone, reported, now)
        if due is None or not self._options.is_active(local_of(now, zone)):
            return
        digest = await self._digest(kind, reported, due.at)
        announcement = None if digest.is_empty else self._announcement(digest, f"{job}:{due.at}", zone, now)
        if await self._rows.advance(job, expect=reported, end=due.at, announcement=announcement):
            log.info("digest", kind=kind, start=reported, end=due.at, is_empty=digest.is_empty)

    def _announcement(self, digest: Digest, key: str, zone: ZoneInfo, now: Millis) -> Announcement:
        chart = digest_chart(digest, zone=zone, redact=self._redact)
        return Announcement(
            key=key,
            guild=self._guild,
            channel=self._channel,
            text=digest_text(digest, zone=zone, sanitizer=Sanitizer(self._redact), chart=chart),
            nonce=self._new_nonce(),
            chart=chart,
            created_at=now,
        )

    async def _digest(self, kind: DigestKind, start: Millis, end: Millis) -> Digest:
        """All numbers are of the same moments."""
        length = _LENGTHS[kind]
        first = max(end - (_SPANS + 1) * length, 0)
        records = await self._rows.runs_between(self._guild, min(first, start), end)
        shown = await self._shown(records)
        waiting = await self._runs.runs(RunFilter(is_open=True, kind=RunKind.HOSTED, guild=self._guild, limit=_OPEN))
        return Digest(
            kind=kind,
            start=start,
            end=end,
            began=_of(records, shown, lambda one: start <= one.created_at < end),
            ended=_of(records, shown, lambda one: one.ended_at is not None and start <= one.ended_at < end),
            waiting=[one for one in (await self._shown(waiting)).values() if one.needs_person],
            before=[
                _of(records, shown, _began_in(start - (number + 1) * length, start - number * length))
                for number in range(_SPANS)
            ],
            decisions=await self._rows.decisions_between(self._guild, start, end),
            notes=await self._weekly_notes(start) if kind == "weekly" else (),
        )

    async def _shown(self, records: Sequence[RunRecord]) -> dict[str, StatusSnapshot]:
        found: dict[str, StatusSnapshot] = {}
        for at in range(0, len(records), _AT_ONCE):
            part = await self._snapshots.folded_of([RunId(one.id) for one in records[at : at + _AT_ONCE]])
            found |= {run: folded.snapshot for run, folded in part.items()}
        return found


def _began_in(start: Millis, end: Millis) -> Callable[[RunRecord], bool]:
    return lambda one: start <= one.created_at < end


def _of(
    records: Sequence[RunRecord], shown: dict[str, StatusSnapshot], wanted: Callable[[RunRecord], bool]
) -> list[StatusSnapshot]:
    return [shown[one.id] for one in records if one.id in shown and wanted(one)]


def _last_due(times: Timetable, zone: ZoneInfo, after: Millis, now: Millis) -> Due | None:
    """The last time that has come; None where none has."""
    last: Due | None = None
    due = next_after(times, zone, after)
    while due is not None and due.at <= now:
        last, due = due, next_after(times, zone, due.at)
    return last
