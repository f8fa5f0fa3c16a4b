"""Starts what is due, each occurrence once: over restarts, two processes and changed clocks.

What is due is claimed before anything is done: whoever moves the schedule on has its occurrence, which has the id of
its run from then on. What was claimed by a process that ended is taken again under a new lease, and starts the same run
or finds it. Counterpart: `starting.py`, which starts one.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from ompycord.domain.base import Millis
from ompycord.domain.ports import Clock, Ids
from ompycord.domain.ports.schedules import OccurrenceRows, ScheduleRows
from ompycord.domain.schedules.schedule import Claim, Occurrence, OccurrenceState, Schedule
from ompycord.domain.schedules.timetable import Timetable, next_after
from ompycord.domain.schedules.zones import zone_of
from ompycord.errors import OmpycordError, RefusedInWords
from ompycord.schedules.due import TakenTime, take
from ompycord.schedules.starting import Starter
from ompycord.schedules.when import read_when
from ompycord.telemetry import get_logger

__all__ = ["LEASE_MS", "ScheduleKeeper"]

LONGEST_S: Final = 30.0
"""Seconds between two looks at the wall clock, which may be set, or stand still while the machine sleeps."""
LEASE_MS: Final = 3 * 60 * 1000
"""How long an occurrence is worked on; a guard command may take its time, and a checkout as long as this."""
AT_ONCE: Final = 4
"""Occurrences that are worked on at once."""
KEPT_MS: Final = 400 * 24 * 3600 * 1000
"""How long it is known what became of an occurrence."""
_FORGET_S: Final = 24 * 3600.0

log = get_logger(__name__)


class ScheduleKeeper:
    """Runs as one task for the life of the process."""

    def __init__(
        self,
        *,
        rows: ScheduleRows,
        occurrences: OccurrenceRows,
        starter: Starter,
        prepare: Callable[[], Awaitable[None]],
        clock: Clock,
        ids: Ids,
    ) -> None:
        """`prepare` brings what is stored up to the settings; nothing is due before that."""
        self._prepare = prepare
        self._rows = rows
        self._occurrences = occurrences
        self._starter = starter
        self._clock = clock
        self._ids = ids
        self._read: dict[tuple[str, str], Timetable] = {}
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._forgot_at: float | None = None

    async def run(self) -> None:
        """Take what is due, at least twice a minute, until cancelled."""
        is_prepared = False
        async with asyncio.TaskGroup() as group:
            while True:
                try:
                    if not is_prepared:
                        await self._prepare()
                        is_prepared = True
                    for occurrence in await self.take():
                        group.create_task(self._work(occurrence))
                    await self._forget()
                except OmpycordError as error:
                    log.warning("schedules.wait", cause=str(error))
                await self._clock.sleep(LONGEST_S)

    async def take(self) -> list[Occurrence]:
        """Claim what is due now, and what no one works on any more. Raises StorageError."""
        taken: list[Occurrence] = []
        leases: dict[str, Millis] = {}
        for schedule in await self._rows.schedules():
            leases[schedule.id] = _lease_of(schedule)
            now = self._clock.now_ms()
            if schedule.paused is None and schedule.next_at is not None and schedule.next_at <= now:
                occurrence = await self._claim(schedule, now)
                taken += [] if occurrence is None else [occurrence]
        now = self._clock.now_ms()
        for left in await self._occurrences.unfinished(now):
            leased = await self._occurrences.lease(left, now=now, until=now + leases.get(left.schedule, LEASE_MS))
            taken += [] if leased is None else [leased]
        return taken

    async def work(self, occurrence: Occurrence) -> None:
        """Do one that was taken. Raises StorageError; then its lease ends and it is taken again."""
        schedules = await self._rows.schedules()
        schedule = next((one for one in schedules if one.id == occurrence.schedule), None)
        if schedule is None:
            await self._occurrences.finish(
                occurrence, OccurrenceState.SKIPPED, reason="Its schedule was removed meanwhile."
            )
            return
        outcome = await self._starter.start(schedule, occurrence)
        is_stored = await self._occurrences.finish(
            occurrence,
            outcome.state,
            reason=outcome.reason,
            not_before=outcome.not_before,
            is_failure=outcome.is_failure,
        )
        log.info(
            "schedule.occurrence",
            schedule=schedule.name,
            due=occurrence.key,
            run=occurrence.run,
            state=outcome.state,
            reason=outcome.reason,
            is_stored=is_stored,
        )
        if outcome.pause is not None:
            await self._rows.pause(schedule.id, outcome.pause)

    async def _work(self, occurrence: Occurrence) -> None:
        async with self._slots:
            try:
                await self.work(occurrence)
            except OmpycordError as error:
                log.warning("schedule.not_done", schedule=occurrence.schedule, due=occurrence.key, cause=str(error))

    async def _claim(self, schedule: Schedule, now: Millis) -> Occurrence | None:
        """Move the schedule on; its occurrence where this process has it now and it is to be run."""
        zone = zone_of(schedule.zone)
        times = self._times(schedule)
        if zone is None or times is None:
            why = f"The time zone {schedule.zone} is not known here any more." if zone is None else "It cannot be read."
            await self._starter.pause(schedule, why)
            return None
        if not schedule.next_key:  # put back from a backup: what was due before is past
            following = next_after(times, zone, now)
            taken = TakenTime(None, 0, following, now)
        else:
            taken = take(schedule, times, zone, now)
        occurrence = None if taken.due is None else self._occurrence(schedule, taken, now)
        claim = Claim(
            schedule=schedule.id,
            expect_key=schedule.next_key,
            next_at=None if taken.following is None else taken.following.at,
            next_key="" if taken.following is None else taken.following.key,
            occurrence=occurrence,
            skipped=taken.skipped,
        )
        is_mine = await self._occurrences.claim(claim)
        if is_mine and taken.skipped:
            log.info("schedule.skipped", schedule=schedule.name, count=taken.skipped)
        return occurrence if is_mine else None

    def _occurrence(self, schedule: Schedule, taken: TakenTime, now: Millis) -> Occurrence:
        due = taken.due
        assert due is not None  # the caller's condition
        return Occurrence(
            schedule=schedule.id,
            key=due.key,
            due_at=due.at,
            state=OccurrenceState.CLAIMED,
            run=self._ids.ulid(),
            lease_until=now + _lease_of(schedule),
            tries_until=taken.tries_until,
            claimed_at=now,
        )

    def _times(self, schedule: Schedule) -> Timetable | None:
        known = (schedule.when, schedule.zone)
        if known not in self._read:
            try:
                self._read[known] = read_when(*known, now=(schedule.next_at or 1) - 1)
            except RefusedInWords:
                return None
        return self._read[known]

    async def _forget(self) -> None:
        """Once a day, what is long past."""
        at = self._clock.monotonic_s()
        if self._forgot_at is None or at - self._forgot_at >= _FORGET_S:
            self._forgot_at = at
            await self._occurrences.forget(max(self._clock.now_ms() - KEPT_MS, 0))


def _lease_of(schedule: Schedule) -> Millis:
    return LEASE_MS + (0 if schedule.guard is None else round(schedule.guard.timeout_s * 1000))
