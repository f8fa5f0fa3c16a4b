"""Two years in ten zones with all their clock changes: two processes, random ends in the middle, downtimes, set clocks.

Each time starts one run or is counted as skipped; what should have been is counted here by looking at the wall of each
zone every quarter of an hour.
"""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest

from ompycord.conductor.roles.refusals import RefusalRecord
from ompycord.domain.schedules.schedule import Occurrence, Schedule
from ompycord.domain.schedules.zones import local_of
from ompycord.schedules.keeper import LEASE_MS, ScheduleKeeper
from ompycord.schedules.starting import Starter
from ompycord.store import SqliteStore, open_store
from tests.integration.store.world import CountingIds, HandClock
from tests.support.scheduling import GuardDouble, Roles, StartedRuns, schedule_from

ZONES = (
    "Europe/Berlin", "America/New_York", "America/Santiago", "Australia/Lord_Howe", "Africa/Cairo",
    "America/Havana", "Asia/Tokyo", "Asia/Kathmandu", "Pacific/Chatham", "UTC",
)  # fmt: skip
START = 1_798_761_600_000  # 2027-01-01T00:00Z
MINUTE, HOUR, DAY = 60_000, 3_600_000, 24 * 3_600_000
QUARTER = 15 * MINUTE


def expected(when: str, zone: str, until: int) -> int:
    """How many times were due: by what the wall showed."""
    place, days, last, number = ZoneInfo(zone), set[str](), START, 0
    for at in range(START + QUARTER, until + 1, QUARTER):
        wall = local_of(at, place)
        if when == "0 */6 * * *":
            number += wall.hour % 6 == 0 and wall.minute == 0
        elif (wall.hour, wall.minute) >= (2, 30):
            days.add(wall.date().isoformat())
        last = at
    first = local_of(START, place)
    if (first.hour, first.minute) >= (2, 30):
        days.discard(first.date().isoformat())
    assert last <= until
    return number or len(days)


class Process:
    """One of two that work on the same database; it can end anywhere and begin again."""

    def __init__(self, store: SqliteStore, clock: HandClock, runs: StartedRuns, ids: CountingIds) -> None:
        self._store, self._clock, self._runs, self._ids = store, clock, runs, ids
        self.begin()

    def begin(self) -> None:
        self._starter = Starter(
            runs=cast("Any", self._runs),
            records=cast("Any", self._runs),
            rows=self._store.schedules,
            announcements=self._store.announcements,
            guards=GuardDouble(),
            role_of=Roles().role_of,
            refusals=RefusalRecord(audit=self._store, clock=self._clock),
            clock=self._clock,
            new_nonce=lambda: self._ids.token()[-25:],
            redact=str,
        )
        self._keeper = ScheduleKeeper(
            rows=self._store.schedules, occurrences=self._store.schedules, starter=self._starter,
            prepare=_prepared, clock=self._clock, ids=self._ids,
        )  # fmt: skip

    async def tick(self, chance: random.Random) -> None:
        """One look, which may end anywhere."""
        for one in await self._keeper.take():
            match chance.randrange(40):
                case 0:  # it ends before it has done anything
                    return self.begin()
                case 1:  # it ends once the run is there
                    await self._started(one)
                    return self.begin()
                case _:
                    await self._keeper.work(one)
        return None

    async def _started(self, one: Occurrence) -> None:
        (schedule,) = [each for each in await self._store.schedules.schedules() if each.id == one.schedule]
        await self._starter.start(schedule, one)


async def _prepared() -> None: ...


def schedules(zones: Sequence[str]) -> list[Schedule]:
    ids = CountingIds(1)
    made = [schedule_from(START, "30 2 * * *", zone, id=ids.ulid(), name=f"daily-{n}") for n, zone in enumerate(zones)]
    made += [
        schedule_from(START, "0 */6 * * *", zone, id=ids.ulid(), name=f"often-{n}") for n, zone in enumerate(zones[:3])
    ]
    return made


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    "zones",
    [
        pytest.param(ZONES[:1], id="one zone", marks=pytest.mark.long),
        pytest.param(ZONES, id="ten zones", marks=pytest.mark.soak),
    ],
)
async def test_each_time_of_two_years_is_done_once_or_counted(tmp_path: Path, zones: Sequence[str]) -> None:
    chance, clock, ids = random.Random(19), HandClock(), CountingIds(1_000)
    clock.wall_ms = START
    runs = StartedRuns(clock.now_ms)
    end = START + 731 * DAY
    path = tmp_path / "ompycord.db"
    async with (
        open_store(path, clock=clock, ids=CountingIds(1), readers=1) as first,
        open_store(path, clock=clock, ids=CountingIds(1), readers=1) as second,
    ):
        planned = schedules(zones)
        for one in planned:
            assert await first.schedules.put(one)
        processes = [Process(first, clock, runs, ids), Process(second, clock, runs, ids)]
        down, back = 0, 0
        while clock.wall_ms < end:
            upcoming = min(one.next_at for one in await first.schedules.schedules() if one.next_at is not None)
            wait = max(upcoming - clock.wall_ms, 0) + chance.randrange(0, 30_000)
            match chance.randrange(300):
                case 0:
                    down += 1
                    wait += chance.randrange(3 * DAY)
                case 1:
                    back += 1
                    wait = -chance.randrange(2 * HOUR)
                case _:
                    pass
            clock.pass_ms(wait)
            for process in chance.sample(processes, 2):
                await process.tick(chance)
            if chance.randrange(20) == 0:
                clock.pass_ms(LEASE_MS)
                await processes[0].tick(chance)
        for _ in range(5):  # what was left by the last ends
            clock.pass_ms(LEASE_MS)
            for process in processes:
                await process.tick(random.Random(1_000_003))
        assert down > 10
        assert back > 10
        now = clock.wall_ms
        started = {one.id: list[int]() for one in planned}
        for submission, person, at in runs.submitted.values():
            assert submission.note.startswith(f"Started by {person.name}")
            started[next(one.id for one in planned if f"schedule {one.name}" == person.name)].append(at)
        for one in await first.schedules.schedules():
            due = expected(planned[[each.id for each in planned].index(one.id)].when, one.zone, now)
            assert len(started[one.id]) + one.skipped == due, (one.name, one.zone, len(started[one.id]), one.skipped)
            assert len(started[one.id]) > due * 0.8
