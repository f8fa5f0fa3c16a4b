"""Every fault gives one alert and one recovery, whatever way out is down, over restarts and through quiet hours."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ompycord.app.backups.state import BackupState
from ompycord.domain.alerting.options import ALERTS, AlertOptions
from ompycord.domain.person_settings import QuietHours
from ompycord.errors import NotStored
from ompycord.store import SqliteStore
from tests.integration.alerting.stage import FAULTS, Stage, waiting, well
from tests.integration.store.world import HandClock

QUIET = QuietHours(start="22:00", end="07:00", zone="Europe/Berlin")
HOUR_S = 3600.0


def at(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def names(key: str) -> str:
    return key.partition(":")[0]


def test_every_alert_has_a_fault_here() -> None:
    assert {names(key) for key in FAULTS} == {*ALERTS}


async def test_each_fault_gives_one_alert_and_one_recovery_on_every_way(stage: Stage) -> None:
    expected: list[str] = []
    for key in FAULTS:
        stage.wrong(key)
        await stage.pass_s(900)
        assert [alert.key for alert in stage.keeper.open] == [key]
        stage.wrong()
        await stage.pass_s(120)
        assert stage.keeper.open == []
        expected += [f"alert.opened {names(key)}", f"alert.resolved {names(key)}"]
    for destination in ("ci", "ops-channel"):
        assert await stage.queued(destination) == expected
    assert await stage.store.open_alerts() == []


async def test_all_at_once_give_one_each_and_the_cause_alone_where_one_explains_another(stage: Stage) -> None:
    stage.seen = replace(
        well(),
        is_connected=False,
        is_writable=False,
        disk=FAULTS["disk_full"]["disk"],
        destinations=(waiting("discord"), waiting("ci", pending=0, dead=2, age_s=0)),
    )
    await stage.pass_s(900)
    assert [alert.key for alert in stage.keeper.open] == ["disk_full", "deliveries:ci", "discord"]


async def test_what_passes_within_its_time_is_no_alert_and_what_flickers_is_one(stage: Stage) -> None:
    for _ in range(5):
        stage.wrong("loop")
        await stage.pass_s(45)
        stage.wrong()
        await stage.pass_s(15)
    assert await stage.queued() == []
    stage.wrong("loop")
    await stage.pass_s(60)
    for _ in range(5):
        stage.wrong()
        await stage.pass_s(45)
        stage.wrong("loop")
        await stage.pass_s(15)
    assert await stage.queued() == ["alert.opened loop"]


async def test_a_restart_neither_repeats_an_alert_nor_forgets_its_end(stage: Stage) -> None:
    stage.wrong("disk", "memory")
    await stage.pass_s(600)
    later = stage.again()
    later.wrong("disk")
    await later.pass_s(120)
    assert await later.queued() == [
        "alert.opened disk",
        "alert.opened memory",
        "alert.resolved memory",
    ]
    assert [alert.key for alert in later.keeper.open] == ["disk"]


async def test_an_alert_that_is_switched_off_or_whose_webhook_is_gone_ends(stage: Stage) -> None:
    stage.wrong("disk", "deliveries:ci")
    await stage.pass_s(600)
    stage.options = AlertOptions(off=("disk",))
    later = stage.again()
    await later.pass_s(120)
    assert later.keeper.open == []
    assert sorted((await later.queued())[2:]) == ["alert.resolved deliveries", "alert.resolved disk"]


async def test_while_the_database_refuses_each_way_is_sent_to_directly_once(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuses = True
    record = SqliteStore.record_alert

    async def refusing(self: SqliteStore, *arguments: object) -> None:
        if refuses:
            raise NotStored("The disk is full.")
        await record(self, *arguments)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(SqliteStore, "record_alert", refusing)
    stage.ops.fault = "Discord is not connected"
    stage.wrong("database")
    await stage.pass_s(600)
    assert stage.ci.said == ["alert.opened database"]
    stage.ops.fault = None
    await stage.pass_s(60)
    assert stage.ops.said == ["alert.opened database"]
    refuses = False
    stage.wrong()
    await stage.pass_s(120)
    assert (stage.ci.said, stage.ops.said) == (["alert.opened database"], ["alert.opened database"])
    assert await stage.queued() == await stage.queued("ops-channel") == ["alert.resolved database"]
    [kept] = await stage.store.recent_alerts(limit=9)
    assert kept.ended_at is not None


async def test_a_way_that_never_took_an_opening_gets_it_with_the_end_once_the_database_takes_it(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refusing(self: SqliteStore, *arguments: object) -> None:
        raise NotStored("The disk is full.")

    stage.ci.fault = "could not be reached"
    with monkeypatch.context() as patched:
        patched.setattr(SqliteStore, "record_alert", refusing)
        stage.wrong("database")
        await stage.pass_s(60)
    stage.wrong()
    await stage.pass_s(120)
    assert await stage.queued() == ["alert.opened database", "alert.resolved database"]
    assert stage.ops.said == ["alert.opened database"]


@pytest.mark.parametrize(
    ("began", "ended", "expected"),
    [
        # sent before quiet hours, right again within them: the end is sent when they end
        ("2027-03-01T20:50", "2027-03-01T22:00", ["2027-03-01T20:51 opened", "2027-03-02T06:00 resolved"]),
        # begins within them and lasts: sent when they end
        ("2027-03-02T02:00", "2027-03-02T09:00", ["2027-03-02T06:00 opened", "2027-03-02T09:01 resolved"]),
        # begins and ends within them: kept, sent to no one
        ("2027-03-02T02:00", "2027-03-02T03:00", []),
    ],
)
async def test_quiet_hours_hold_back_and_lose_nothing(
    store: SqliteStore, clock: HandClock, began: str, ended: str, expected: list[str]
) -> None:
    clock.wall_ms = at("2027-03-01T20:00")
    stage = Stage(store, clock, AlertOptions(quiet=QUIET))
    said: list[str] = []
    while clock.wall_ms < at("2027-03-02T10:00"):
        stage.wrong(*(("disk",) if at(began) <= clock.wall_ms < at(ended) else ()))
        before = stage.woken
        await stage.keeper.inspect()
        if stage.woken > before:
            what = (await stage.queued())[-1].partition(" ")[0].partition(".")[2]
            said.append(f"{datetime.fromtimestamp(clock.wall_ms / 1000, UTC):%Y-%m-%dT%H:%M} {what}")
        clock.pass_ms(30_000)
    assert said == expected
    [kept] = await store.recent_alerts(limit=9)
    assert (kept.began_at, kept.notified_at is None) == (at(began), not expected)


async def test_what_is_always_sent_is_sent_in_quiet_hours_too(store: SqliteStore, clock: HandClock) -> None:
    clock.wall_ms = at("2027-03-02T01:00")
    stage = Stage(store, clock, AlertOptions(quiet=QUIET, always=("database",)))
    stage.wrong("database", "memory")
    await stage.pass_s(900)
    assert await stage.queued() == ["alert.opened database"]


async def test_a_machine_that_slept_counts_from_its_waking_and_a_clock_set_back_repeats_nothing(
    store: SqliteStore, clock: HandClock
) -> None:
    stage = Stage(store, clock)
    stage.wrong("discord")
    await stage.pass_s(15)
    stage.clock.pass_ms(8 * 3_600_000)
    await stage.keeper.inspect()
    assert await stage.queued() == [], "it may be connected again in a moment"
    await stage.pass_s(120)
    clock.wall_ms -= 3_600_000
    await stage.pass_s(300)
    stage.wrong()
    await stage.pass_s(120)
    assert await stage.queued() == ["alert.opened discord", "alert.resolved discord"]


async def test_a_disk_that_hangs_is_an_alert_though_each_look_at_it_takes_a_minute(stage: Stage) -> None:
    stage.wrong("database")
    stage.look_ms = 60_000
    await stage.pass_s(60)
    assert stage.ops.said + await stage.queued("ops-channel") == ["alert.opened database"]


async def test_a_trial_of_a_backup_that_cannot_be_made_is_an_alert(stage: Stage) -> None:
    stage.seen = replace(well(), backups=BackupState(undrilled="There is no room."))
    await stage.keeper.inspect()
    [alert] = stage.keeper.open
    assert (alert.alert, alert.text) == ("restore_trial", "it could not be made: There is no room.")


async def test_what_cannot_be_read_now_changes_nothing(stage: Stage) -> None:
    stage.wrong("deliveries:ci")
    await stage.pass_s(120)
    stage.seen = replace(well(), destinations=None, events_waiting=None, disk=None, queued=None)
    await stage.pass_s(600)
    assert await stage.queued() == ["alert.opened deliveries"]


async def test_secrets_leave_by_no_way(stage: Stage) -> None:
    stage.seen = replace(well(), read_only="hunter2 holds the file.")
    await stage.pass_s(60)
    answers = await stage.ways.try_all("trial", now=stage.clock.now_ms())
    assert answers == {"ops-channel": None, "ci": None}
    [row] = await stage.store.notifications.heads("ci", limit=9)
    assert "hunter2" not in str(row.delivery.content)
    assert "[secret] holds the file." in row.delivery.content["message"]


async def test_times_of_the_settings_hold(store: SqliteStore, clock: HandClock) -> None:
    stage = Stage(store, clock, AlertOptions(after_s={"disk": 3600}, clear_s=0))
    stage.wrong("disk")
    await stage.pass_s(HOUR_S - 15)
    assert await stage.queued() == []
    await stage.pass_s(15)
    stage.wrong()
    await stage.keeper.inspect()
    assert await stage.queued() == ["alert.opened disk", "alert.resolved disk"]
