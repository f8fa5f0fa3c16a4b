"""Events of ended runs in files: what is read stays the same, whatever a crash left, and the database stops growing."""

import asyncio
import json
import sqlite3
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import cast

import pytest
import zstandard

from ompycord.app.backups.copies import StoreCopies
from ompycord.app.retention.attached import FileKeeper, Retention
from ompycord.app.retention.keeper import RetentionKeeper, month_before, retention_line
from ompycord.backup.contents import bring_back
from ompycord.backup.create import make_backup
from ompycord.backup.place import BackupPlace
from ompycord.backup.restore import restore
from ompycord.conductor import Bus, Projector, Snapshots
from ompycord.domain import events as ev
from ompycord.domain.catalog import RunChannels
from ompycord.domain.configuration.retention import RetentionOptions
from ompycord.domain.folds.fold import fold
from ompycord.domain.ids import RunId
from ompycord.domain.people.erasing import Scrub, pseudonym_of
from ompycord.domain.ports import DumpedFold
from ompycord.domain.records import Commit
from ompycord.domain.run import RunState
from ompycord.errors import ArchiveUnreadable
from ompycord.store import PROJECTOR, SqliteStore, open_store
from ompycord.store.archive.files import ArchiveFiles, FileState
from ompycord.store.archive.listing import archived_files
from ompycord.store.archive.moving import ArchivedFile, ErasedInFiles
from tests.integration.store.world import NOW, CountingIds, HandClock, People, Sender, receipts

DAY_MS = 24 * 3_600_000
WRITE = ArchiveFiles.write
ANN = "100000000000000001"


class Log:
    """External runs that begin and end, projected as the product does."""

    def __init__(self, store: SqliteStore, sender: Sender, clock: HandClock) -> None:
        self.store, self.sender, self.clock = store, sender, clock
        self.count = 0

    async def ended(self, *texts: str) -> RunId:
        """A run whose agent said this, and ended now."""
        run = await self.begun(*texts)
        await self.project(run, RunState.COMPLETE)
        return run

    async def begun(self, *texts: str) -> RunId:
        self.count += 1
        posts = [
            self.sender.post(ev.Note(text=text), seq=seq, name=f"n{self.count}") for seq, text in enumerate(texts, 1)
        ]
        run = receipts(await self.store.append(posts))[0].run
        await self.project(run, RunState.BUILDING)
        return run

    async def project(self, run: RunId, state: RunState) -> None:
        folded = fold(run, await self.store.events_of(run))
        ended = self.clock.wall_ms if state is RunState.COMPLETE else None
        upto = await self.store.cursor(PROJECTOR) + await self.store.backlog()
        await self.store.project(
            PROJECTOR, upto=upto, folds=[DumpedFold.of(folded)], states={run: (state, ended)}, outbox=()
        )


@pytest.fixture
def log(store: SqliteStore, sender: Sender, clock: HandClock) -> Log:
    return Log(store, sender, clock)


@pytest.fixture
def keeper(store: SqliteStore, clock: HandClock) -> RetentionKeeper:
    return RetentionKeeper(
        archive=store.archive, record=store.cuts, options=RetentionOptions(events_days=60), clock=clock
    )


def rows(path: Path, table: str) -> int:
    with sqlite3.connect(path) as raw:
        return raw.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


def files(path: Path) -> list[Path]:
    return [one for one in (path.parent / "artifacts").rglob("*") if one.is_file()]


async def test_what_is_read_of_a_run_stays_the_same_and_its_rows_are_gone(
    store: SqliteStore, log: Log, keeper: RetentionKeeper, clock: HandClock, path: Path
) -> None:
    old = [await log.ended("first — é", "second \u2028"), await log.ended("third")]
    clock.pass_ms(100 * DAY_MS)
    young = await log.ended("fourth")
    before = {run: await store.events_of(run) for run in (*old, young)}
    folds = await store.folds(old)
    await keeper.inspect()
    assert {run: await store.events_of(run) for run in before} == before
    assert await store.folds(old) == folds
    assert [await store.transcript(run, after=0) for run in old] == [[], []]
    assert rows(path, "events") == 1, "what is young stays"
    (file,) = files(path)
    lines = zstandard.ZstdDecompressor().stream_reader(file.read_bytes(), read_across_frames=True).read().splitlines()
    assert [json.loads(line)["run"] for line in lines] == [old[0], old[0], old[1]]
    assert json.loads(json.loads(lines[0])["body"])["text"] == "first — é"
    assert retention_line(keeper.state).text == "events of 2 runs up to 2026-05 in 1 file, 0.0 MiB"
    assert [await store.run(run) is not None for run in old] == [True, True]


async def test_what_is_open_watched_or_under_way_stays(
    store: SqliteStore, log: Log, people: People, keeper: RetentionKeeper, clock: HandClock, path: Path
) -> None:
    await log.begun("still at work")
    hosted = await people.submit(store)
    await store.commit(Commit(writes=(people.event(hosted.id, ev.Note(text="waits for a person")),)))
    await log.ended("the end of the log")
    count = rows(path, "events")
    clock.pass_ms(400 * DAY_MS)
    await keeper.inspect()
    assert rows(path, "events") == count, "the last event stays too: its number must not be given again"
    assert retention_line(keeper.state).text == "all events are in the database"


@pytest.mark.parametrize(
    "under_way",
    [
        "INSERT INTO outbox (run, kind, ref, body, status, created_at) VALUES (1, 'result', '', '{}', 'pending', 1)",
        "INSERT INTO effects (run, key, body, status, created_at) VALUES (1, 'k', '{}', 'started', 1)",
        "INSERT INTO deliveries VALUES ('d', 'hook', 't', 1, 1, '{}', 'pending', 0, 1, 1, 1, NULL, NULL)",
        "INSERT INTO pull_requests SELECT 'shop', 1, id, 1, '{}' FROM runs WHERE pk = 1",
        (
            "INSERT INTO runs (id, kind, chain, state, created_at, updated_at) "
            "SELECT 'x', 'hosted', id, 'QUEUED', 1, 1 FROM runs WHERE pk = 1"
        ),
        "UPDATE events SET at = 9e15 WHERE position = 1",
    ],
)
async def test_a_run_stays_while_something_of_it_is_under_way(
    store: SqliteStore, log: Log, clock: HandClock, path: Path, under_way: str
) -> None:
    await log.ended("one")
    clock.pass_ms(100 * DAY_MS)
    await log.ended("later")
    assert [one.pk for one in await store.archive.due(before=clock.wall_ms, after=0, limit=10)] == [1]
    with sqlite3.connect(path) as raw:
        raw.execute(under_way)
    assert await store.archive.due(before=clock.wall_ms, after=0, limit=10) == []


async def test_wherever_it_is_interrupted_nothing_is_lost_and_it_goes_on(
    store: SqliteStore, log: Log, keeper: RetentionKeeper, clock: HandClock, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = await log.ended(*(f"note {number}" for number in range(7)))
    clock.pass_ms(100 * DAY_MS)
    await log.ended("later")
    whole = await store.events_of(run)
    with monkeypatch.context() as full:
        full.setattr("ompycord.store.archive.files.replace_file", _no_space)
        await keeper.inspect()
    assert retention_line(keeper.state).text == "old events stay in the database: No space left on device"
    assert (await store.events_of(run), rows(path, "events"), files(path)) == (whole, 8, [])
    due = await store.archive.due(before=clock.wall_ms, after=0, limit=1)
    assert await store.archive.archive(due, at=NOW) is not None
    assert await store.events_of(run) == whole
    for left in (5, 2, 1):
        await store.archive.take_out(limit=3)
        assert (await store.events_of(run), rows(path, "events")) == (whole, left)
        assert (await store.folds([run]))[run] == fold(run, whole)
    await keeper.inspect()
    assert (await store.archive.totals()).runs == 1
    assert await store.events_of(run) == whole


def _no_space(*arguments: object, **more: object) -> None:
    raise OSError(28, "No space left on device")


async def test_what_was_left_of_a_file_that_was_never_kept_is_removed(
    store: SqliteStore, log: Log, keeper: RetentionKeeper, clock: HandClock, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = await log.ended("secret words")
    clock.pass_ms(100 * DAY_MS)
    await log.ended("later")
    with monkeypatch.context() as killed:
        killed.setattr(ArchiveFiles, "write", _written_and_stopped)
        await keeper.inspect()
    assert (len(files(path)), rows(path, "archived_runs")) == (1, 0)
    await store.archive.tidy()
    assert (files(path), rows(path, "archives"), len(await store.events_of(run))) == ([], 0, 1)


def _written_and_stopped(files: ArchiveFiles, content: bytes) -> None:
    WRITE(files, content)
    raise OSError(5, "Input/output error")


async def test_the_check_of_the_log_and_streams_know_what_went_and_what_was_taken(
    store: SqliteStore, log: Log, keeper: RetentionKeeper, clock: HandClock, path: Path
) -> None:
    old = await log.ended("one", "two")
    clock.pass_ms(100 * DAY_MS)
    await log.ended("three", "four", "five")
    await keeper.inspect()
    assert (await store.check_events(0, limit=100)).damaged == ()
    assert await store.page(old, 0, limit=10, most=100) is None, "a reader begins anew"
    assert await store.page(None, 1, limit=10, most=100) is None
    assert [event.position for event in (await store.page(None, 2, limit=10, most=100) or ([], 0))[0]] == [3, 4, 5]
    assert [snapshot.run for snapshot in (await store.base(old))[1]] == [old]
    with sqlite3.connect(path) as raw:
        raw.execute("DELETE FROM events WHERE position = 4")
    (damaged,) = (await store.check_events(0, limit=100)).damaged
    assert (damaged.first, damaged.last, damaged.is_missing) == (4, 4, True)


async def test_a_file_that_is_gone_or_damaged_is_said_and_its_run_is_not_shown_half(
    store: SqliteStore, log: Log, keeper: RetentionKeeper, clock: HandClock, path: Path
) -> None:
    run = await log.ended("one")
    clock.pass_ms(100 * DAY_MS)
    await log.ended("later")
    await keeper.inspect()
    (file,) = files(path)
    file.write_bytes(file.read_bytes()[:-3])
    with pytest.raises(ArchiveUnreadable, match=r"2026-05, whose file is damaged\. `ompycord archive restore`"):
        await store.events_of(run)
    file.unlink()
    with pytest.raises(ArchiveUnreadable, match="whose file is missing"):
        await store.folds([run])
    await keeper.inspect()
    line = retention_line(keeper.state)
    words = "the file of 2026-05 is missing: `ompycord archive restore` brings it back from a backup"
    both = Retention(keeper, cast("FileKeeper", None))
    assert both.unreadable() == ("2026-05 is missing",)
    fresh = RetentionKeeper(archive=store.archive, record=store.cuts, options=RetentionOptions(), clock=clock)
    assert both._replace(events=fresh).unreadable() is None, "nothing is known before the first look"
    assert (line.is_ok, line.text) == (False, words)


async def test_a_file_that_is_changed_later_is_found_within_an_hour_and_one_that_rots_within_a_day(
    store: SqliteStore, log: Log, keeper: RetentionKeeper, clock: HandClock, path: Path
) -> None:
    await log.ended("one")
    clock.pass_ms(100 * DAY_MS)
    await log.ended("later")
    await keeper.inspect()
    (file,) = files(path)
    whole, before = file.read_bytes(), file.stat()
    file.write_bytes(bytes([*whole[:20], whole[20] ^ 1, *whole[21:]]))
    await keeper.inspect()
    assert keeper.state.unreadable == ("2026-05 is damaged",)
    file.write_bytes(whole)
    await keeper.inspect()
    assert keeper.state.unreadable == ()
    known = store.archive.files
    reads: list[bool] = []

    async def counted(*, is_thorough: bool = True) -> list[ArchivedFile]:
        reads.append(is_thorough)
        return await known(is_thorough=is_thorough)

    store.archive.files = counted
    clock.pass_ms(DAY_MS)
    await keeper.inspect()
    await keeper.inspect()
    assert (reads, file.stat().st_ino) == ([True, False], before.st_ino)


async def test_a_list_of_runs_and_the_projector_go_on_without_the_run_of_a_file_that_is_gone(
    store: SqliteStore, log: Log, keeper: RetentionKeeper, clock: HandClock, path: Path
) -> None:
    old = await log.ended("one")
    clock.pass_ms(100 * DAY_MS)
    young = await log.ended("later")
    await keeper.inspect()
    (file,) = files(path)
    whole = file.read_bytes()
    file.unlink()
    snapshots = Snapshots(store=store)
    assert list(await snapshots.folded_of([old, young])) == [young]
    with pytest.raises(ArchiveUnreadable, match="2026-05"):
        await snapshots.folded(old)
    await store.append([log.sender.post(ev.Note(text="a word on it"), seq=2, name="n1")])
    await store.append([log.sender.post(ev.Note(text="a new one"), seq=1, name="n9")])
    projector = Projector(store=store, bus=Bus(), snapshots=snapshots, clock=clock, channels=RunChannels())
    assert await projector.project_some() > 0
    assert (await store.backlog(), projector.position) == (0, await store.cursor(PROJECTOR))
    with pytest.raises(ArchiveUnreadable):
        await snapshots.folded(old)
    file.write_bytes(whole)
    found = await snapshots.folded(old)
    assert found is not None, "it is read again once it is back, with what came meanwhile"
    assert list(found.last_seqs.values()) == [2]


async def test_a_backup_brings_the_files_along(
    store: SqliteStore, log: Log, keeper: RetentionKeeper, clock: HandClock, path: Path, tmp_path: Path
) -> None:
    run = await log.ended("one", "two")
    clock.pass_ms(100 * DAY_MS)
    await log.ended("later")
    await keeper.inspect()
    place = BackupPlace(tmp_path / "backups")
    whole = await store.events_of(run)

    def there_and_back() -> None:
        name = make_backup(path.parent, place, copies=StoreCopies(), now=NOW, version="0", with_secrets=False)
        restore(tmp_path / "new", place, name, copies=StoreCopies(), unsent=None, now=NOW)

    await asyncio.to_thread(there_and_back)
    async with open_store(tmp_path / "new" / "ompycord.db", clock=clock, ids=CountingIds(900), readers=1) as restored:
        assert await restored.events_of(run) == whole


async def test_a_file_is_listed_beside_the_process_and_comes_back_from_the_newest_backup_that_has_it(
    store: SqliteStore, log: Log, keeper: RetentionKeeper, clock: HandClock, path: Path, tmp_path: Path
) -> None:
    run = await log.ended("one", "two")
    clock.pass_ms(100 * DAY_MS)
    await log.ended("later")
    await keeper.inspect()
    whole, artifacts = await store.events_of(run), path.parent / "artifacts"
    place = BackupPlace(tmp_path / "backups")

    made = partial(make_backup, path.parent, place, copies=StoreCopies(), now=NOW, version="0", with_secrets=False)
    first = await asyncio.to_thread(made)
    (one,) = await asyncio.to_thread(archived_files, path.parent, path)
    assert (one.archived.month, one.archived.runs, one.state) == ("2026-05", 1, FileState.PRESENT)
    (file,) = files(path)
    for content, state in ((None, FileState.MISSING), (b"x", FileState.DAMAGED)):
        file.unlink() if content is None else file.write_bytes(content)
        (found,) = await asyncio.to_thread(archived_files, path.parent, path)
        assert found.state is state
        assert await asyncio.to_thread(bring_back, place, artifacts, one.archived.sha256) == first
        assert await store.events_of(run) == whole
    assert await asyncio.to_thread(bring_back, BackupPlace(tmp_path / "none"), artifacts, one.archived.sha256) is None
    assert [left for left in artifacts.iterdir() if left.name.startswith(".")] == []
    assert archived_files(tmp_path, tmp_path / "none.db") == []


async def test_a_person_is_taken_out_of_files_and_of_the_one_that_was_there_before(
    store: SqliteStore, log: Log, keeper: RetentionKeeper, clock: HandClock, path: Path
) -> None:
    named, other = await log.ended("Annabella asked for it"), await log.ended("nobody in it")
    clock.pass_ms(100 * DAY_MS)
    await log.ended("later")
    await keeper.inspect()
    scrub = Scrub(ANN, ("Annabella",), pseudonym_of(b"k" * 32, ANN))
    assert [event["run"] for event in (await store.archive.naming(scrub)).events] == [named]
    before, kept = files(path), await store.events_of(other)
    assert await erased(store, scrub) == ([named], [])
    assert len(files(path)) == 2
    await keeper.inspect()  # after a crash here
    (file,) = files(path)
    assert file not in before
    (event,) = await store.events_of(named)
    assert isinstance(event.body, ev.Note)
    assert event.body.text == "someone asked for it"
    assert (await store.events_of(other), await store.archive.naming(scrub)) == (kept, ([], []))
    assert await erased(store, scrub) == ([], [])


async def test_a_person_is_taken_out_of_all_files_that_can_be_read_and_the_others_are_named(
    store: SqliteStore, log: Log, keeper: RetentionKeeper, clock: HandClock, path: Path
) -> None:
    first = await log.ended("Annabella began it")
    clock.pass_ms(40 * DAY_MS)
    second = await log.ended("Annabella ended it")
    clock.pass_ms(100 * DAY_MS)
    await log.ended("later")
    await keeper.inspect()
    scrub = Scrub(ANN, ("Annabella",), pseudonym_of(b"k" * 32, ANN))
    gone = path.parent / "artifacts" / "x"
    (lost, *_) = [one for one in await store.archive.files() if one.archived.month == "2026-05"]
    file = path.parent / "artifacts" / lost.archived.sha256[:2] / lost.archived.sha256
    file.rename(gone)
    named = await store.archive.naming(scrub)
    assert ([event["run"] for event in named.events], named.unreadable) == ([second], ["2026-05"])
    assert await erased(store, scrub) == ([second], ["2026-05"])
    gone.rename(file)
    assert await erased(store, scrub) == ([first], [])


async def erased(store: SqliteStore, scrub: Scrub) -> ErasedInFiles:
    async with store.archive.alone:
        return await store.archive.erase(scrub, at=NOW)


async def test_what_is_sent_again_long_after_changes_nothing_that_is_shown(
    store: SqliteStore, log: Log, keeper: RetentionKeeper, clock: HandClock
) -> None:
    run = await log.ended("one", "two")
    clock.pass_ms(100 * DAY_MS)
    await log.ended("later")
    await keeper.inspect()
    shown = (await store.folds([run]))[run].snapshot()
    await store.append([log.sender.post(ev.Note(text="one"), seq=1, name="n1")])
    await log.project(run, RunState.COMPLETE)
    assert (await store.folds([run]))[run].snapshot() == shown


async def test_what_is_only_tried_moves_nothing(store: SqliteStore, log: Log, clock: HandClock, path: Path) -> None:
    await log.ended("one")
    clock.pass_ms(100 * DAY_MS)
    await log.ended("later")
    options = RetentionOptions(events_days=60, dry_run=True)
    keeper = RetentionKeeper(archive=store.archive, record=store.cuts, options=options, clock=clock)
    await keeper.inspect()
    assert rows(path, "events") == 2
    words = "all events are in the database; 1 run would go, but retention.dry_run is set"
    assert retention_line(keeper.state).text == words
    never = RetentionKeeper(
        archive=store.archive, record=store.cuts, options=RetentionOptions(events_days=0), clock=clock
    )
    await never.inspect()
    assert rows(path, "events") == 2


@pytest.mark.parametrize(
    ("day", "days", "month"),
    [("2027-03-31", 30, "2027-03-01"), ("2027-03-30", 30, "2027-02-01"), ("2028-03-01", 365, "2027-03-01")],
)
def test_a_month_goes_once_all_of_it_is_old_enough(day: str, days: int, month: str) -> None:
    def at(text: str) -> int:
        return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)

    assert month_before(at(day), days) == at(month)


async def _year(store: SqliteStore, log: Log, clock: HandClock, path: Path, *, days: int, runs: int) -> list[int]:
    """Bytes of the database in use, at the end of each month of two years."""
    keeper = RetentionKeeper(
        archive=store.archive, record=store.cuts, options=RetentionOptions(events_days=60), clock=clock
    )
    sizes: list[int] = []
    for day in range(0, 730, days):
        for _ in range(runs):
            await log.ended(*(f"{number} of {day} " + "words " * 60 for number in range(20)))
        await keeper.inspect()
        clock.pass_ms(days * DAY_MS)
        if day // 30 > len(sizes) - 1:
            stored = await store.stored_sizes()
            sizes.append(stored.bytes - stored.free_bytes)
    return sizes


@pytest.mark.parametrize(
    ("days", "runs"), [pytest.param(30, 1, id="monthly"), pytest.param(1, 4, id="daily", marks=pytest.mark.long)]
)
async def test_over_two_years_the_database_stays_as_large_as_what_is_young(
    store: SqliteStore, log: Log, clock: HandClock, path: Path, days: int, runs: int
) -> None:
    """What stays of a run is its row: under a kilobyte, where its events were twelve."""
    sizes = await _year(store, log, clock, path, days=days, runs=runs)
    after_four, at_the_end = sizes[4], sizes[-1]
    passed = 20 * 30 // days * runs
    assert at_the_end - after_four < passed * 1024 + 65_536
    assert rows(path, "events") <= 20 * runs * (95 // days + 1)
    assert len(files(path)) <= 24, "a file a month"
