"""Old rows of the audit move into files: none is lost wherever it breaks off, and all of them are read as before."""

import asyncio
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from ompycord.app.auditing.anchoring import Anchoring
from ompycord.app.auditing.cutting import Cutting
from ompycord.app.backups.copies import StoreCopies
from ompycord.backup.create import make_backup
from ompycord.backup.place import BackupPlace
from ompycord.backup.restore import restore
from ompycord.domain.auditing.chain import AuditRow
from ompycord.domain.people.erasing import Scrub, pseudonym_of
from ompycord.errors import RefusedInWords, StorageError
from ompycord.store import SqliteStore, open_store
from ompycord.store.archive import cuts
from ompycord.store.archive.files import ArchiveFiles
from tests.integration.store.world import CountingIds, HandClock
from tests.support.new_store import new_store

KEY = b"k" * 32
ANN = "100000000000000001"
DAY = 86_400_000
ALL = 1_000 * DAY


async def lived(store: SqliteStore, count: int = 9) -> list[AuditRow]:
    for number in range(count):
        actor = ANN if number % 3 == 0 else "2"
        detail = {"by_name": "Annabella" if actor == ANN else "Bob", "action": f"zeppelin {number}"}
        await store.audit(actor=actor, action="say", subject=f"run {number % 2}", detail=detail, at=number * DAY)
    return await every(store)


async def every(store: SqliteStore) -> list[AuditRow]:
    found: list[AuditRow] = []
    while page := await store.audit_rows(after=found[-1].n if found else 0, limit=4):
        found += page
    return found


def in_table(path: Path) -> list[int]:
    with closing(sqlite3.connect(path)) as raw:
        return [row[0] for row in raw.execute("SELECT n FROM audit ORDER BY n")]


def damage(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute(statement)


def files(path: Path) -> list[Path]:
    return sorted(one for one in (path.parent / "artifacts").rglob("*") if one.is_file())


async def test_rows_that_moved_are_read_exported_and_checked_as_before(store: SqliteStore, path: Path) -> None:
    before = await lived(store)
    of_run = await store.audit_of("run 1")
    moved = await store.cuts.cut(before=5 * DAY, key=KEY, by="Ompycord", at=ALL)
    assert moved is not None
    assert (moved.first, moved.last, moved.rows) == (1, 5, 5)
    assert in_table(path) == [6, 7, 8, 9, 10]
    assert (await every(store))[:-1] == before
    assert (await every(store))[-1].text("action") == "audit.cut"
    assert await store.audit_of("run 1") == of_run
    assert await store.audit_of("run 1", since=5 * DAY) == of_run[-2:]
    report = await store.check_audit(key=KEY)
    assert (report.open_faults, report.rows, report.cut_through) == ((), 10, 0)
    assert await store.cuts.cut(before=5 * DAY, key=KEY, by="Ompycord", at=ALL) is None


async def test_the_newest_row_stays_and_a_later_cut_takes_the_row_of_the_first(store: SqliteStore, path: Path) -> None:
    before = await lived(store, 3)
    assert await store.cuts.cut(before=ALL * 2, key=KEY, by="Ompycord", at=ALL) is not None
    assert in_table(path) == [3, 4]
    assert await store.cuts.cut(before=ALL * 2, key=KEY, by="Ompycord", at=ALL) is not None
    assert in_table(path) == [4, 5]
    assert (await every(store))[:3] == before
    assert (await store.check_audit(key=KEY)).open_faults == ()


async def test_a_file_that_is_gone_or_changed_is_named_and_the_rows_of_the_database_still_verify(
    store: SqliteStore, path: Path
) -> None:
    await lived(store)
    await store.cuts.cut(before=5 * DAY, key=KEY, by="Ompycord", at=ALL)
    (file,) = files(path)
    content = file.read_bytes()
    file.write_bytes(content.replace(b"zeppelin 1", b"zeppelin 7"))
    changed = [one.text for one in (await store.check_audit(key=KEY)).open_faults]
    assert changed[0].startswith("The file of rows 1 to 5 is changed: `ompycord archive restore`")
    assert changed[1] == "Row 2 was changed."
    file.write_bytes(content[:300])
    assert len((await store.check_audit(key=KEY)).open_faults) == 1
    file.unlink()
    report = await store.check_audit(key=KEY)
    assert [one.n for one in report.open_faults] == [1]
    assert "is gone from the folder `artifacts`" in report.open_faults[0].text
    assert (report.rows, report.cut_through) == (5, 5)
    with pytest.raises(StorageError, match=r"rows 1 to 5 of the record.*`ompycord archive restore` brings it back"):
        await store.audit_rows(after=0, limit=10)
    assert [row.n for row in await store.audit_rows(after=5, limit=10)] == [6, 7, 8, 9, 10]


async def test_a_file_that_nothing_names_any_more_is_a_fault_and_not_a_whole_record(
    store: SqliteStore, path: Path
) -> None:
    await lived(store)
    await store.cuts.cut(before=5 * DAY, key=KEY, by="Ompycord", at=ALL)
    (file,) = files(path)
    file.unlink()
    damage(path, "DELETE FROM audit_files")
    report = await store.check_audit(key=KEY)
    assert [(one.n, one.text) for one in report.open_faults] == [
        (1, "Rows 1 to 5 moved into a file that the database does not name: put back a backup of both.")
    ]


class Killed(BaseException):
    """What a process is told before it is gone."""


def killed(*_: object, **__: object) -> None:
    raise Killed


@pytest.mark.parametrize("point", ["before the file", "behind the file", "within the transaction"])
async def test_a_crash_loses_no_row_and_the_next_start_goes_on(
    path: Path, clock: HandClock, ids: CountingIds, point: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with new_store(path, clock=clock, ids=ids, readers=2) as store:
        before = await lived(store)
        with monkeypatch.context() as patched:
            if point == "before the file":
                patched.setattr(ArchiveFiles, "write", killed)
            elif point == "behind the file":
                patched.setattr(cuts, "_cut", killed)
            else:
                patched.setattr(cuts, "cut_detail", killed)
            with pytest.raises((Killed, StorageError)):
                await store.cuts.cut(before=5 * DAY, key=KEY, by="Ompycord", at=ALL)
    async with new_store(path, clock=clock, ids=ids, readers=2) as store:
        assert await every(store) == before
        assert (await store.check_audit(key=KEY)).open_faults == ()
        await store.cuts.tidy()
        assert files(path) == []
        assert await store.cuts.cut(before=5 * DAY, key=KEY, by="Ompycord", at=ALL) is not None
        assert (await every(store))[:-1] == before


async def test_a_person_is_taken_out_of_moved_rows_and_the_record_verifies(store: SqliteStore, path: Path) -> None:
    await lived(store)
    await store.cuts.cut(before=5 * DAY, key=KEY, by="Ompycord", at=ALL)
    scrub = Scrub(ANN, ("Annabella",), pseudonym_of(KEY, ANN))
    async with store.cuts.alone:
        rewritten, lost = await store.cuts.without(scrub, at=ALL)
        assert (len(files(path)), lost) == (2, [])
        done = await store.erase_person(scrub, key=KEY, by="operator", at=ALL, files=rewritten)
    await store.cuts.tidy()
    assert done.audit == 3
    (file,) = files(path)
    assert not any(word in file.read_bytes() for word in (ANN.encode(), b"Annabella", b"zeppelin 0", b"zeppelin 3"))
    report = await store.check_audit(key=KEY)
    assert (report.open_faults, report.erased, report.rows) == ((), 3, 11)
    assert len((await store.check_audit(key=b"x" * 32)).open_faults) > 0


async def test_a_cut_that_nobody_waits_for_keeps_its_file_whoever_tidies_or_erases_meanwhile(
    store: SqliteStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where a command ends before the answer: what is being committed is not undone."""
    before = await lived(store)
    commits, goes_on = asyncio.Event(), threading.Event()
    loop, detail = asyncio.get_running_loop(), cuts.cut_detail

    def slowly(key: bytes, cut: cuts.RecordCut) -> dict[str, str]:
        loop.call_soon_threadsafe(commits.set)
        assert goes_on.wait(10)
        return detail(key, cut)

    monkeypatch.setattr(cuts, "cut_detail", slowly)
    async with asyncio.TaskGroup() as tasks:
        cut = tasks.create_task(store.cuts.cut(before=5 * DAY, key=KEY, by="Ompycord", at=ALL))
        await commits.wait()
        cut.cancel()
        with pytest.raises(asyncio.CancelledError):
            await cut
        tasks.create_task(store.cuts.tidy())
        for _ in range(200):  # turns enough for a look that does not wait
            await store.cuts.files()
        there, named = files(path), await store.cuts.names()
        goes_on.set()
    assert {one.name for one in there} == named != set(), "an erasure leaves it, too"
    assert (await every(store))[:-1] == before
    assert (await store.check_audit(key=KEY)).open_faults == ()


async def test_no_row_is_looked_through_where_all_others_wait(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    await lived(store)
    await store.cuts.cut(before=5 * DAY, key=KEY, by="Ompycord", at=ALL)
    threads: set[int] = set()
    look = cuts.without_person

    def seen(row: AuditRow, scrub: Scrub) -> AuditRow | None:
        threads.add(threading.get_ident())
        return look(row, scrub)

    monkeypatch.setattr(cuts, "without_person", seen)
    async with store.cuts.alone:
        await store.cuts.without(Scrub(ANN, ("Annabella",), "x"), at=ALL)
    await store.cuts.of_rows(lambda rows: threads.add(threading.get_ident()))
    assert threads
    assert threading.get_ident() not in threads


async def test_a_backup_brings_the_files_along(
    store: SqliteStore, clock: HandClock, path: Path, tmp_path: Path
) -> None:
    before = await lived(store)
    await store.cuts.cut(before=5 * DAY, key=KEY, by="Ompycord", at=ALL)
    place, now = BackupPlace(tmp_path / "backups"), clock.now_ms()

    def there_and_back() -> None:
        name = make_backup(path.parent, place, copies=StoreCopies(), now=now, version="0", with_secrets=False)
        restore(tmp_path / "new", place, name, copies=StoreCopies(), unsent=None, now=now)

    await asyncio.to_thread(there_and_back)
    async with open_store(tmp_path / "new" / "ompycord.db", clock=clock, ids=CountingIds(900), readers=1) as restored:
        assert (await every(restored))[:-1] == before
        assert (await restored.check_audit(key=KEY)).open_faults == ()


async def test_bytes_that_are_no_text_move_as_they_are(store: SqliteStore, path: Path) -> None:
    before = await lived(store, 4)
    damage(path, "UPDATE audit SET actor = CAST(x'ff31' AS TEXT) WHERE n = 2")
    broken = await every(store)
    await store.cuts.cut(before=3 * DAY, key=KEY, by="Ompycord", at=ALL)
    assert (await every(store))[:4] == broken
    assert broken != before


def cutting(store: SqliteStore, clock: HandClock, folder: Path, keep_days: int | None = 30) -> Cutting:
    anchoring = Anchoring(store=store, clock=clock, secrets=folder / "secrets", file=folder / "anchors")
    return Cutting(store=store, anchoring=anchoring, clock=clock, keep_days=keep_days)


async def test_months_move_once_they_are_old_and_the_cut_is_anchored(
    store: SqliteStore, clock: HandClock, tmp_path: Path, path: Path
) -> None:
    now = clock.now_ms()
    for days in (200, 150, 100, 1):
        await store.audit(actor="2", action="say", subject="run", detail={}, at=now - days * DAY)
    kept = cutting(store, clock, tmp_path, keep_days=None)
    await kept.inspect()
    assert in_table(path) == [1, 2, 3, 4]
    service = cutting(store, clock, tmp_path)
    await service.inspect()
    assert (in_table(path), service.lines()) == ([4, 5], ())
    assert [one.n for one in await service.anchoring.read()] == [5]
    await service.inspect()
    assert in_table(path) == [4, 5], "nothing is due, so no row says that something was cut"


async def test_nothing_moves_over_a_break_that_no_one_confirmed(
    store: SqliteStore, clock: HandClock, tmp_path: Path, path: Path
) -> None:
    await lived(store)
    damage(path, "DELETE FROM audit WHERE n = 3")
    service = cutting(store, clock, tmp_path)
    with pytest.raises(RefusedInWords, match=r"Row 3 is missing\. Nothing moves .*`ompycord audit accept 3"):
        await service.cut(ALL, by="Ada")
    await service.inspect()
    (line,) = service.lines()
    assert (line.name, line.is_ok) == ("Record", False)
    assert line.text.startswith("old rows stay in the database: Row 3 is missing.")
    assert len(in_table(path)) == 8
    assert files(path) == []


async def test_many_rows_become_several_files(
    store: SqliteStore, clock: HandClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cuts, "ROWS", 4)
    before = await lived(store, 11)
    moved = await cutting(store, clock, tmp_path).cut(ALL, by="Ada")
    assert (moved.rows, moved.through, moved.files) == (11, 11, 3)
    assert (await every(store))[:11] == before
    assert (await store.check_audit(key=cutting(store, clock, tmp_path).anchoring.key())).open_faults == ()
