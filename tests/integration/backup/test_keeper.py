"""The process's own backups: when one is due, what a failure costs, and the trial of the newest."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ompycord.app.backups.copies import StoreCopies
from ompycord.app.backups.keeper import BackupKeeper
from ompycord.app.backups.state import BackupState, backup_finding, backup_line
from ompycord.app.report import METRICS
from ompycord.backup.drills import note_drill
from ompycord.backup.options import BackupOptions
from ompycord.backup.place import BackupPlace
from ompycord.backup.prune import prune
from ompycord.errors import ConfigurationError, UnavailableError
from tests.integration.backup.conftest import Make
from tests.integration.store.world import NOW, HandClock
from tests.unit.telemetry.test_metrics import READING

HOUR_MS = 3_600_000


class CountedCopies(StoreCopies):
    """The store's copies, counted; a full disk while `is_full`."""

    def __init__(self) -> None:
        self.made = 0
        self.opened = 0
        self.is_full = False
        self.is_unopened = False

    def copy(self, source: Path, target: Path, *, goes_on: Callable[[], bool], is_alone: bool) -> None:
        if self.is_full:
            raise UnavailableError("The disk is full.")
        super().copy(source, target, goes_on=goes_on, is_alone=is_alone)
        self.made += 1

    def upgrade(self, path: Path) -> None:
        if self.is_unopened:
            raise ConfigurationError("It cannot be opened.")
        super().upgrade(path)
        self.opened += 1


@pytest.fixture
def copies() -> CountedCopies:
    return CountedCopies()


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def keeper(data: Path, place: BackupPlace, clock: HandClock, copies: CountedCopies) -> Callable[..., BackupKeeper]:
    os.utime(data / "secrets" / "component_key", (NOW / 1000, NOW / 1000))

    def made(**options: object) -> BackupKeeper:
        chosen = BackupOptions.model_validate({"keep": 2, **options})
        return BackupKeeper(options=chosen, data=data, place=place, clock=clock, copies=copies)

    return made


async def test_one_is_due_an_hour_after_the_first_start_then_every_day_over_restarts(
    keeper: Callable[..., BackupKeeper], clock: HandClock, copies: CountedCopies, place: BackupPlace
) -> None:
    for hours, expected in ((0, 0), (1, 1), (5, 1), (24.9, 1), (25, 2), (25, 2), (49, 3)):
        clock.wall_ms = NOW + round(hours * HOUR_MS)
        await keeper().inspect()  # each time another process
        assert copies.made == expected, hours
    assert len(place.names()) == 3, "two are kept, and the one that was restored on trial"


async def test_one_that_a_person_made_counts(
    keeper: Callable[..., BackupKeeper], clock: HandClock, copies: CountedCopies, make: Make
) -> None:
    ours = keeper()
    clock.pass_ms(HOUR_MS)
    await ours.inspect()
    make(now=clock.wall_ms + 20 * HOUR_MS)
    clock.pass_ms(30 * HOUR_MS)
    await ours.inspect()
    assert copies.made == 1
    assert ours.state.newest_at == NOW + 21 * HOUR_MS


async def test_one_of_a_clock_that_ran_ahead_is_no_newest_one(
    keeper: Callable[..., BackupKeeper], clock: HandClock, copies: CountedCopies, make: Make, place: BackupPlace
) -> None:
    ahead = make(now=NOW + 2 * 365 * 24 * HOUR_MS)
    ours = keeper(drill_days=0)
    for hours in (1, 1.1, 2, 24.9, 25.1, 25.2):
        clock.wall_ms = NOW + round(hours * HOUR_MS)
        await ours.inspect()
    assert copies.made == 2, "each day one, not each minute"
    assert ours.state.newest_at == NOW + round(25.1 * HOUR_MS)
    later = keeper()
    await later.inspect()
    assert later.state.newest_at == NOW + round(25.1 * HOUR_MS)
    assert ahead in place.names(), "it pushes nothing out, and nothing pushes it out"


async def test_a_failure_is_told_and_tried_again_in_an_hour(
    keeper: Callable[..., BackupKeeper], clock: HandClock, copies: CountedCopies, place: BackupPlace
) -> None:
    ours = keeper()
    clock.pass_ms(HOUR_MS)
    copies.is_full = True
    for minutes in (0, 1, 30):
        clock.wall_ms = NOW + HOUR_MS + minutes * 60_000
        await ours.inspect()
    assert (ours.state.failures, ours.state.fault) == (1, "The disk is full.")
    assert backup_line(ours.state).is_ok is False
    assert place.names() == []
    copies.is_full = False
    clock.pass_ms(HOUR_MS)
    await ours.inspect()
    assert (ours.state.fault, copies.made) == (None, 1)


async def test_the_newest_is_restored_on_trial_once_a_week_over_restarts_and_a_fault_is_told(
    keeper: Callable[..., BackupKeeper], clock: HandClock, copies: CountedCopies, place: BackupPlace
) -> None:
    clock.pass_ms(HOUR_MS)
    await keeper(every_hours=0).inspect()
    assert copies.opened == 0, "there is none"
    await keeper().inspect()
    await keeper().inspect()
    assert copies.opened == 1
    packed = place.folder(place.names()[-1]) / "ompycord.db.zst"
    content = packed.read_bytes()
    packed.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    clock.pass_ms(7 * 24 * HOUR_MS)
    ours = keeper(every_hours=0)
    await ours.inspect()
    assert ours.state.drill_fault == "ompycord.db.zst is damaged: use another backup."
    again = keeper(every_hours=0)
    await again.inspect()
    assert (again.state.drill_fault, copies.opened) == (ours.state.drill_fault, 1)
    assert "cannot be restored" in backup_line(again.state).text


async def test_one_that_somebody_made_after_a_failure_ends_it(
    keeper: Callable[..., BackupKeeper], clock: HandClock, copies: CountedCopies, make: Make
) -> None:
    ours = keeper()
    clock.pass_ms(HOUR_MS)
    copies.is_full = True
    await ours.inspect()
    make(now=clock.wall_ms + 60_000)
    clock.pass_ms(60_000)
    await ours.inspect()
    assert (ours.state.fault, ours.state.failures) == (None, 1)


@pytest.mark.parametrize("every_hours", [24, 0])
async def test_a_folder_that_cannot_be_read_is_told_once_and_ends_nothing(
    keeper: Callable[..., BackupKeeper], clock: HandClock, place: BackupPlace, data: Path, every_hours: int
) -> None:
    ours = keeper(every_hours=every_hours)
    clock.pass_ms(HOUR_MS)
    place.path.symlink_to(place.path)
    for _ in range(3):
        await ours.inspect()
        clock.pass_ms(60_000)
    assert ours.state.failures == 1
    assert f"The folder of backups, {place.path}, cannot be used" in str(ours.state.fault)
    finding = backup_finding(BackupOptions(folder=place.path), data, now=clock.wall_ms)
    assert (finding.status, str(place.path) in finding.text) == ("warn", True)
    place.path.unlink()
    await ours.inspect()
    assert (ours.state.fault, len(place.names())) == (None, every_hours // 24)


async def test_a_trial_that_could_not_begin_is_no_fault_and_tried_again_in_an_hour(
    keeper: Callable[..., BackupKeeper], clock: HandClock, copies: CountedCopies, place: BackupPlace, make: Make
) -> None:
    make()
    ours = keeper(every_hours=0)
    with place.writing():
        await ours.inspect()
    await ours.inspect()
    assert (ours.state.drill_fault, ours.state.drilled_at, copies.opened) == (None, None, 0)
    assert ours.state.undrilled is None
    clock.pass_ms(HOUR_MS)
    await ours.inspect()
    assert (ours.state.drilled_at, copies.opened) == (clock.wall_ms, 1)


async def test_a_trial_that_cannot_begin_again_and_again_is_told_until_one_was_made(
    keeper: Callable[..., BackupKeeper], clock: HandClock, place: BackupPlace, make: Make
) -> None:
    name = make()
    ours = keeper(every_hours=0)
    for why in (None, "Another process works"):
        with place.writing():
            await ours.inspect()
        assert (ours.state.undrilled or "").startswith(why or "")
        assert (ours.state.undrilled is None) is (why is None)
        assert backup_line(ours.state).is_ok is (why is None)
        clock.pass_ms(HOUR_MS)
    note_drill(place, at=clock.wall_ms, backup=name, faults=[])  # as `ompycord backup verify --restore` does
    await ours.inspect()
    assert (ours.state.undrilled, backup_line(ours.state).is_ok) == (None, True)


async def test_one_that_does_not_open_is_a_fault_and_the_one_that_did_before_is_never_pruned(
    data: Path,
    keeper: Callable[..., BackupKeeper],
    clock: HandClock,
    copies: CountedCopies,
    place: BackupPlace,
    make: Make,
) -> None:
    good = make()
    await keeper(every_hours=0).inspect()
    newer = [make(now=NOW + hours * HOUR_MS) for hours in (1, 2, 3)]
    copies.is_unopened = True
    clock.pass_ms(8 * 24 * HOUR_MS)
    ours = keeper(every_hours=0)
    await ours.inspect()
    assert ours.state.drill_fault == "It cannot be opened."
    assert prune(place, data, keep=1, now=clock.wall_ms).backups == tuple(newer[:2])
    assert place.names() == [good, newer[2]]
    note_drill(place, at=clock.wall_ms, backup=newer[2], faults=[])
    assert prune(place, data, keep=1, now=clock.wall_ms).backups == (good,)


async def test_none_is_made_where_none_is_wanted(
    keeper: Callable[..., BackupKeeper], clock: HandClock, copies: CountedCopies
) -> None:
    clock.pass_ms(1000 * HOUR_MS)
    await keeper(every_hours=0, drill_days=0).inspect()
    assert (copies.made, copies.opened) == (0, 0)


def test_doctor_says_what_is_there(data: Path, make: Make) -> None:
    options = BackupOptions()
    assert "there is none" in backup_finding(options, data, now=NOW).text
    name = make()
    (data / "backups").symlink_to(data.parent / "backups")
    assert backup_finding(options, data, now=NOW + HOUR_MS).status == "ok"
    assert backup_finding(options, data, now=NOW + 49 * HOUR_MS).status == "warn"
    (data / "backups" / name / "manifest.json").write_text("?")
    assert f"{name} in" in backup_finding(options, data, now=NOW).text


def test_metrics_say_how_old_it_is_and_whether_it_can_be_restored() -> None:
    read = {one.name: one.read for one in METRICS}
    none = replace(READING, backups=BackupState(), backup_age_s=None)
    assert [read[name](none) for name in ("ompycord_backup_age_seconds", "ompycord_backup_drill_ok")] == [None, None]
    well = replace(READING, backups=BackupState(newest_at=NOW, drilled_at=NOW, failures=2), backup_age_s=60.0)
    assert read["ompycord_backup_age_seconds"](well) == 60.0
    assert read["ompycord_backup_failures"](well) == 2
    assert read["ompycord_backup_drill_ok"](well) == 1.0
    broken = replace(well, backups=BackupState(newest_at=NOW, drilled_at=NOW, drill_fault="damaged"))
    assert read["ompycord_backup_drill_ok"](broken) == 0.0


def test_health_says_when() -> None:
    assert backup_line(BackupState()).text == "none yet"
    state = BackupState(newest_at=NOW, drilled_at=NOW)
    assert backup_line(state).text == "newest 2026-05-28 20:26 UTC, restored on trial 2026-05-28 20:26 UTC"
