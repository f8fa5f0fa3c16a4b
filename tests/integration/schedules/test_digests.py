"""What happened is told once for each span: one for a downtime, in active hours, none where nothing happened."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ompycord.conductor import Snapshots
from ompycord.domain.base import Millis
from ompycord.domain.memory.items import MemoryItem, MemoryKind, MemoryOrigin, MemoryStatus
from ompycord.domain.schedules.announcement import Announcement
from ompycord.domain.schedules.digest_options import ActiveHours, DigestOptions
from ompycord.schedules.digests.keeper import DigestKeeper
from ompycord.store import SqliteStore, open_store
from tests.integration.store.world import CountingIds, HandClock

GUILD, CHANNEL = "100000000000000001", "200000000000000001"
DAY, HOUR = 24 * 3_600_000, 3_600_000
START = round(datetime(2027, 3, 20, 12, tzinfo=UTC).timestamp() * 1000)


def keeper_of(store: SqliteStore, clock: HandClock, **options: object) -> DigestKeeper:
    ids = CountingIds(500)

    async def notes(since: Millis) -> list[str]:
        return ["Forecast held: time 3 of 4"]

    return DigestKeeper(
        options=DigestOptions.model_validate({"daily": "18:00", "zone": "Europe/Berlin", **options}),
        rows=store.digests,
        runs=store,
        snapshots=Snapshots(store=store),
        clock=clock,
        guild=GUILD,
        channel=CHANNEL,
        weekly_notes=notes,
        new_nonce=lambda: ids.token()[-25:],
        redact=str,
    )


async def decided(store: SqliteStore, at: Millis, title: str) -> None:
    """Something that is told of, without a run."""
    item = MemoryItem(
        id=CountingIds(at // 60_000).ulid(), kind=MemoryKind.DECISION, title=title, body="", guild=GUILD,
        origin=MemoryOrigin.PERSON, status=MemoryStatus.ACTIVE, created_at=at,
    )  # fmt: skip
    await store.memory.add([(item, title)])


async def told(store: SqliteStore) -> list[str]:
    return [one.text for one in await store.announcements.unsent(100)]


def at(text: str, zone: str = "Europe/Berlin") -> Millis:
    return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


@pytest.fixture
def clock() -> HandClock:
    clock = HandClock()
    clock.wall_ms = START
    return clock


async def test_a_day_is_told_once_and_an_empty_one_not_at_all(store: SqliteStore, clock: HandClock) -> None:
    keeper = keeper_of(store, clock)
    await keeper.inspect()
    await decided(store, START + HOUR, "Amounts are cents")
    for wall in ("2027-03-20T18:00", "2027-03-20T18:01", "2027-03-20T17:30", "2027-03-21T18:00", "2027-03-22T18:00"):
        clock.wall_ms = at(wall)
        await keeper.inspect()
        await keeper_of(store, clock).inspect()
    (text,) = await told(store)
    assert text == (
        "**Day** · Sat 2027-03-20 13:00 to Sat 2027-03-20 18:00 (Europe/Berlin)\nDecided: Amounts are cents"
    )


async def test_a_downtime_is_one_digest_of_its_whole_span_and_spans_tile(store: SqliteStore, clock: HandClock) -> None:
    keeper = keeper_of(store, clock)
    await keeper.inspect()
    for day in (21, 22, 23):
        await decided(store, at(f"2027-03-{day}T20:00"), f"Decision {day}")
    clock.wall_ms = at("2027-03-24T01:00")
    await keeper.inspect()
    clock.wall_ms = at("2027-03-24T18:00")
    await keeper.inspect()
    first, second = await told(store)
    assert "Sat 2027-03-20 13:00 to Tue 2027-03-23 18:00" in first
    assert "Decision 21; Decision 22" in first
    assert "Tue 2027-03-23 18:00 to Wed 2027-03-24 18:00" in second
    assert second.endswith("Decided: Decision 23")


async def test_outside_active_hours_it_waits(store: SqliteStore, clock: HandClock) -> None:
    active = ActiveHours(start="08:00", end="20:00", weekdays=("mon", "tue", "wed", "thu", "fri"))
    keeper = keeper_of(store, clock, active=active)
    await keeper.inspect()
    await decided(store, START + HOUR, "On a Saturday")
    for wall in ("2027-03-20T18:00", "2027-03-21T18:00", "2027-03-22T07:59"):
        clock.wall_ms = at(wall)
        await keeper.inspect()
    assert await told(store) == []
    clock.wall_ms = at("2027-03-22T08:00")
    await keeper.inspect()
    (text,) = await told(store)
    assert "Sat 2027-03-20 13:00 to Sun 2027-03-21 18:00" in text


@pytest.mark.parametrize(
    ("wall", "holds"),
    [("2027-03-22T23:00", True), ("2027-03-23T01:00", True), ("2027-03-23T12:00", False), ("2027-03-23T23:00", False)],
)
def test_active_hours_may_cross_midnight_and_count_by_the_day_they_begin(wall: str, holds: bool) -> None:
    hours = ActiveHours(start="22:00", end="02:00", weekdays=("mon",))
    assert hours.hold(datetime.fromisoformat(wall)) is holds


async def test_a_week_has_its_notes(store: SqliteStore, clock: HandClock) -> None:
    keeper = keeper_of(store, clock, daily=None, weekly="mon 09:00")
    await keeper.inspect()
    await decided(store, START + HOUR, "Weekly")
    clock.wall_ms = at("2027-03-22T09:00")
    await keeper.inspect()
    (text,) = await told(store)
    assert text.startswith("**Week** · ")
    assert text.endswith("Decided: Weekly\nForecast held: time 3 of 4")


@pytest.mark.long
@pytest.mark.parametrize("zone", ["Africa/Cairo", "America/Havana", "America/Santiago", "Australia/Lord_Howe", "UTC"])
async def test_two_years_of_days_with_two_processes_tile(tmp_path: Path, zone: str) -> None:
    clock = HandClock()
    clock.wall_ms = START
    async with (
        open_store(tmp_path / "o.db", clock=clock, ids=CountingIds(), readers=1) as one,
        open_store(tmp_path / "o.db", clock=clock, ids=CountingIds(), readers=1) as two,
    ):
        keepers = [keeper_of(store, clock, daily="00:00", zone=zone) for store in (one, two)]
        for keeper in keepers:
            await keeper.inspect()
        for day in range(730):
            await decided(one, clock.wall_ms, f"Decision {day}")
            clock.pass_ms(DAY if day % 50 else 5 * DAY)
            for keeper in keepers if day % 3 else keepers[::-1]:
                await keeper.inspect()
        texts = await told_all(one)
        named = [line.partition(": ")[2] for text in texts for line in text.splitlines() if line.startswith("Decided")]
        assert sorted(named) == sorted(f"Decision {day}" for day in range(730 if named[-1] == "Decision 729" else 729))


async def told_all(store: SqliteStore) -> list[str]:
    return [one.text for one in await store.announcements.unsent(10_000)]


async def test_the_same_time_in_another_zone_is_told_too(store: SqliteStore, clock: HandClock) -> None:
    keeper = keeper_of(store, clock)
    await keeper.inspect()
    await decided(store, START + HOUR, "In Berlin")
    clock.wall_ms = at("2027-03-20T18:00")
    await keeper.inspect()
    await decided(store, clock.wall_ms + HOUR, "In New York")
    clock.wall_ms = at("2027-03-20T18:00", "America/New_York")
    await keeper_of(store, clock, zone="America/New_York").inspect()
    assert [text.rpartition(": ")[2] for text in await told(store)] == ["In Berlin", "In New York"]


async def test_a_server_that_cannot_be_reached_holds_up_no_other(store: SqliteStore) -> None:
    for number in range(30):
        one = Announcement(
            key=f"{number}", guild="1" if number < 25 else "2", channel="3", text="x", nonce="n", created_at=number
        )
        await store.announcements.announce(one)
    assert [one.guild for one in await store.announcements.unsent(20)] == ["1"] * 20 + ["2"] * 5
