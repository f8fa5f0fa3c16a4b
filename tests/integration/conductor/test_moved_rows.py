"""Rows of the record that moved into files: a run is explained from them, and a person is erased in them."""

import asyncio
from pathlib import Path

import pytest

from ompycord.app.auditing.cutting import MovedRows
from ompycord.app.auditing.viewing import RecordView
from ompycord.app.retention.finding import archive_finding
from ompycord.app.retention.keeper import retention_line
from ompycord.app.team.person import PersonData
from ompycord.app.team.unreached import Unreached, read_unreached
from ompycord.app.wiring.upkeep import anchoring_of, cutting_of, person_data_of
from ompycord.errors import StorageError
from ompycord.store import SqliteStore
from tests.integration.conductor.conftest import GUILD, AppHarness
from tests.integration.conductor.test_person_data import WHOLE, XEN, keeper_of, left_in, lived


async def moved(store: SqliteStore, folder: Path) -> tuple[AppHarness, str]:
    """A run of hers that ended, and every row about it in a file."""
    harness, run = await lived(store, folder)
    await store.audit(actor="2", action="pause", subject="ompycord", detail={}, at=harness.clock.now_ms())
    done = await cutting_of(harness.infrastructure).cut(harness.clock.now_ms() + 1, by="operator")
    assert done.files == 1
    return harness, run


async def test_a_run_is_told_from_the_files_too(store: SqliteStore, tmp_path: Path) -> None:
    harness, run = await moved(store, tmp_path)
    view = RecordView(store=store, snapshots=harness.snapshots, home=GUILD)
    told = "\n".join(await view.explain(await harness.areas.record(run)))
    assert f"{XEN.name} ({XEN.id}): submit" in told
    assert await view.last(GUILD, run=run, limit=10) == []
    assert await view.moved_until() is not None


async def test_a_person_is_erased_in_the_files_also_where_only_they_name_her(
    store: SqliteStore, tmp_path: Path
) -> None:
    harness, _ = await moved(store, tmp_path)
    data = person_data_of(harness.infrastructure)
    held = await data.export(XEN.id)
    assert "archived audit" in {one["table"] for one in held["rows"]}
    assert not any("artifacts" in one for one in held["files"]), "it is written anew, not removed"
    done = await data.erase(XEN.id, by="operator")
    assert left_in(tmp_path) == []
    report = await store.check_audit(key=anchoring_of(harness.infrastructure).key())
    assert report.open_faults == ()
    assert report.erased == done["audit"] > 0
    assert (await data.export(XEN.id))["rows"] == []


async def test_an_erasure_goes_past_a_file_of_the_record_that_is_gone_and_that_is_told_until_she_is_out_of_it(
    store: SqliteStore, tmp_path: Path
) -> None:
    harness, _ = await moved(store, tmp_path)
    data, keeper = person_data_of(harness.infrastructure), keeper_of(store, tmp_path)
    (name,) = await store.cuts.names()
    file, aside = tmp_path / "artifacts" / name[:2] / name, tmp_path.with_name("aside")
    (rows,) = [one.named for one in await store.cuts.files()]
    await keeper.inspect()
    assert (retention_line(keeper.state).is_ok, keeper.state.unreadable) == (True, ())
    file.rename(aside)
    await keeper.inspect()
    assert keeper.state.unreadable == (f"{rows} is missing",)
    assert retention_line(keeper.state).text.startswith(f"the file of {rows} is missing: `ompycord archive restore`")
    lack = f"{rows.capitalize()}: their file is missing or damaged."
    assert (await data.export(XEN.id))["elsewhere"][0].startswith(lack)
    done = await data.erase(XEN.id, by="operator")
    assert done["elsewhere"][0].startswith(lack)
    assert read_unreached(tmp_path) == {Unreached(done["pseudonym"], rows)}
    aside.rename(file)
    await keeper.inspect()
    assert f"the file of {rows} is back and may name {done['pseudonym']}" in retention_line(keeper.state).text
    assert archive_finding(tmp_path, database=WHOLE).status == "warn"
    await data.erase(XEN.id, by="operator", names=(XEN.name,))
    await keeper.inspect()
    assert (retention_line(keeper.state).is_ok, read_unreached(tmp_path), left_in(tmp_path)) == (True, frozenset(), [])
    assert archive_finding(tmp_path, database=WHOLE).status == "ok"


async def test_a_crash_between_the_files_and_the_database_is_made_good_by_the_next_start(
    store: SqliteStore, tmp_path: Path
) -> None:
    harness, _ = await moved(store, tmp_path)
    data = person_data_of(harness.infrastructure)
    scrub, _ = await data._scrub(XEN.id)  # pyright: ignore[reportPrivateUsage]  # as far as an erasure came
    data._list(scrub.pseudonym)  # pyright: ignore[reportPrivateUsage]
    async with store.cuts.alone:
        await store.cuts.without(scrub, at=harness.clock.now_ms())
    assert await person_data_of(harness.restart().infrastructure).erase_again() == 1
    assert left_in(tmp_path) == []
    assert (await store.check_audit(key=anchoring_of(harness.infrastructure).key())).open_faults == ()


async def test_nothing_moves_into_a_file_while_the_files_that_name_somebody_are_removed(
    store: SqliteStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness, _ = await lived(store, tmp_path)
    await store.audit(actor="2", action="pause", subject="ompycord", detail={}, at=harness.clock.now_ms())
    key = anchoring_of(harness.infrastructure).key()
    rows = (await store.check_audit(key=key)).rows
    moving: list[asyncio.Task[MovedRows]] = []
    names = PersonData._archives  # pyright: ignore[reportPrivateUsage]  # behind it the folder is searched

    async with asyncio.TaskGroup() as tasks:

        async def meanwhile(data: PersonData) -> frozenset[str]:
            found = await names(data)
            cut = cutting_of(harness.infrastructure).cut(harness.clock.now_ms() + 1, by="operator")
            moving.append(tasks.create_task(cut))
            for _ in range(1500):  # turns enough for a cut that need not wait
                await store.cuts.files()
            assert store.archive.alone.locked(), "nor do events"
            return found

        monkeypatch.setattr(PersonData, "_archives", meanwhile)
        await person_data_of(harness.infrastructure).erase(XEN.id, by="operator")
    assert [cut.result().files for cut in moving] == [1]
    report = await store.check_audit(key=key)
    assert (report.open_faults, report.rows) == ((), rows + 2), "two that say what was erased and what moved"
    assert left_in(tmp_path) == []


async def test_files_of_before_go_at_the_next_start_where_nobody_is_erased_again(
    store: SqliteStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness, _ = await moved(store, tmp_path)

    async def gone() -> None:
        raise StorageError("The process is gone.")

    with monkeypatch.context() as patched:
        patched.setattr(store.cuts, "tidy", gone)
        with pytest.raises(StorageError):
            await person_data_of(harness.infrastructure).erase(XEN.id, by="operator")
    assert any("artifacts" in one for one in left_in(tmp_path))
    await person_data_of(harness.restart().infrastructure).erase_again()
    assert not any("artifacts" in one for one in left_in(tmp_path))


async def test_a_file_that_cannot_be_read_is_named_and_she_is_erased_once_it_is_back(
    store: SqliteStore, tmp_path: Path
) -> None:
    harness, _ = await moved(store, tmp_path)
    (name,) = await store.cuts.names()
    file = tmp_path / "artifacts" / name[:2] / name
    content = file.read_bytes()
    file.unlink()
    done = await person_data_of(harness.infrastructure).erase(XEN.id, by="operator")
    assert done["elsewhere"][0].startswith("Rows 1 to ")
    assert f"`ompycord person erase {XEN.id} --name THEIR_NAME`" in done["elsewhere"][0]
    file.write_bytes(content)
    assert await person_data_of(harness.restart().infrastructure).erase_again() == 1
    assert left_in(tmp_path) == []
    assert (await store.check_audit(key=anchoring_of(harness.infrastructure).key())).open_faults == ()
