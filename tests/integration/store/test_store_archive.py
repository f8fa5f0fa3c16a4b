"""Events of ended runs in files: what is read stays the same, whatever a crash left, and the database stops growing."""

import asyncio
import json
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest
import zstandard

from ompycord.app.backups.copies import StoreCopies
from ompycord.app.retention.keeper import RetentionKeeper, month_before, retention_line
from ompycord.backup.create import make_backup
from ompycord.backup.place import BackupPlace
from ompycord.backup.restore import restore
from ompycord.domain import events as ev
from ompycord.domain.configuration.retention import RetentionOptions
from ompycord.domain.folds.fold import fold
from ompycord.domain.ids import RunId
from ompycord.domain.people.erasing import Scrub, pseudonym_of
from ompycord.domain.ports import DumpedFold
from ompycord.domain.records import Commit
from ompycord.domain.run import RunState
from ompycord.errors import StorageError
from ompycord.store import PROJECTOR, SqliteStore, open_store
from ompycord.store.archive.files import ArchiveFiles
from ompycord.store.archive.moving import SqliteArchive
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
    return RetentionKeeper(archive=store.archive, options=RetentionOptions(events_days=60), clock=clock)


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
    with pytest.raises(StorageError, match=r"cannot be read \(it is damaged\): put it back from a backup"):
        await store.events_of(run)
    file.unlink()
    with pytest.raises(StorageError, match=r"cannot be read \(No such file or directory\)"):
        await store.folds([run])
    await keeper.inspect()
    line = retention_line(keeper.state)
    assert (line.is_ok, line.text) == (
        False, "a file of 2026-05 is gone from the folder `artifacts`: put it back from a backup",
    )  # fmt: skip


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


async def test_a_person_is_taken_out_of_files_and_of_the_one_that_was_there_before(
    store: SqliteStore, log: Log, keeper: RetentionKeeper, clock: HandClock, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named, other = await log.ended("Annabella asked for it"), await log.ended("nobody in it")
    clock.pass_ms(100 * DAY_MS)
    await log.ended("later")
    await keeper.inspect()
    scrub = Scrub(ANN, ("Annabella",), pseudonym_of(b"k" * 32, ANN))
    assert [event["run"] for event in await store.archive.naming(scrub)] == [named]
    before, kept = files(path), await store.events_of(other)
    with monkeypatch.context() as killed:
        killed.setattr(SqliteArchive, "tidy", _stopped)
        with pytest.raises(KeyboardInterrupt):
            await store.archive.erase(scrub, at=NOW)
    assert len(files(path)) == 2
    await keeper.inspect()  # after the crash
    (file,) = files(path)
    assert file not in before
    (event,) = await store.events_of(named)
    assert isinstance(event.body, ev.Note)
    assert event.body.text == "someone asked for it"
    assert (await store.events_of(other), await store.archive.naming(scrub)) == (kept, [])
    assert await store.archive.erase(scrub, at=NOW) == []


async def _stopped(archive: object) -> None:
    raise KeyboardInterrupt


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
    keeper = RetentionKeeper(archive=store.archive, options=options, clock=clock)
    await keeper.inspect()
    assert rows(path, "events") == 2
    words = "all events are in the database; 1 run would go, but retention.dry_run is set"
    assert retention_line(keeper.state).text == words
    never = RetentionKeeper(archive=store.archive, options=RetentionOptions(events_days=0), clock=clock)
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
    keeper = RetentionKeeper(archive=store.archive, options=RetentionOptions(events_days=60), clock=clock)
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
