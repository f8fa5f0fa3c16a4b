"""A person is erased: in no file of the data folder, under a record that verifies, and again after a restore."""

import dataclasses
import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from ompycord.app.findings import ok
from ompycord.app.retention.finding import archive_finding
from ompycord.app.retention.keeper import RetentionKeeper, retention_line
from ompycord.app.system import SystemClock
from ompycord.app.team.person import ERASED_FILE, PersonData
from ompycord.app.team.unreached import read_unreached
from ompycord.app.wiring.memory import memory_keeper_of
from ompycord.app.wiring.upkeep import anchoring_of, person_data_of
from ompycord.domain.access import Access, Person, Role, RoleNames
from ompycord.domain.auditing.refused import RefusedAttempt
from ompycord.domain.configuration.retention import RetentionOptions
from ompycord.domain.ids import RunId
from ompycord.domain.memory.items import MemoryFilter
from ompycord.domain.people.erasing import Scrub, is_pseudonym
from ompycord.domain.ports import AgentCapabilities
from ompycord.domain.roles.grants import RoleGrant
from ompycord.errors import RefusedInWords
from ompycord.store import SqliteStore, open_store
from ompycord.testing import FakeClock, SequentialIds
from tests.integration.conductor.conftest import ADA, AppHarness

WHOLE = ok("Database", "whole")
XEN = Person(id="100000000000000042", name="Xenobia", role=Role.RUNNER)
ACCESS = Access(users=RoleNames(admin=(ADA.id,), runner=(XEN.id,)))
WORDS = ("xylophone", "zeppelin")


def left_in(folder: Path) -> list[str]:
    """Files in which the person or their words still stand."""
    needles = [one.encode() for one in (XEN.id, XEN.name, *WORDS)]
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [str(path) for path in files if any(one in path.read_bytes() for one in needles)]


async def lived(store: SqliteStore, folder: Path) -> tuple[AppHarness, str]:
    """A run that she asked for, wrote to and ended, with something that was remembered of it."""
    harness = AppHarness(store, folder, FakeClock(), access=ACCESS)
    harness.capabilities["command"] = AgentCapabilities(can_steer=True)
    harness.agent.hold()
    async with harness.running():
        run = (await harness.submit(XEN, prompt="Fix the total.\n\nMind the xylophone, too.")).id
        await harness.began()
        await harness.areas.messages.send_message(await harness.areas.record(run), "Mind the zeppelin", "next", XEN)
        await harness.heard()
        harness.agent.release()
        await harness.ended(run)
    kept = await memory_keeper_of(harness.infrastructure).keep(RunId(run))
    assert kept is not None
    return harness, run


async def test_nothing_of_a_person_is_found_by_grep_and_the_record_verifies(store: SqliteStore, tmp_path: Path) -> None:
    harness, run = await lived(store, tmp_path)
    artifact = tmp_path / "artifacts" / "ab" / "abc"
    artifact.parent.mkdir(parents=True)
    artifact.write_text(f"by {XEN.name}")
    other = artifact.with_name("other")
    other.write_text(f"{XEN.name}s and x{XEN.name}")
    data = person_data_of(harness.infrastructure)
    held = await data.export(XEN.id)
    assert held["names"] == [XEN.name]
    assert held["runs"] == [run]
    assert {"runs", "tasks", "decisions", "events", "audit", "memory_items"} <= {one["table"] for one in held["rows"]}
    assert left_in(tmp_path)
    before = await harness.snapshots.of(RunId(run))
    assert before is not None
    refused = RefusedAttempt(surface="discord", actor=XEN.id, what="/omp-admin pause", code="needs-role")
    for _ in range(3):  # a row, and a number that would be one at the end of the hour
        harness.infrastructure.refusals.note(refused.model_copy(update={"by_name": XEN.name}))
    done = await data.erase(XEN.id, by="operator")
    await harness.infrastructure.refusals.finish()
    assert is_pseudonym(done["pseudonym"])
    assert left_in(tmp_path) == [str(other)], "a longer word is no name"
    key = anchoring_of(harness.infrastructure).key()
    report = await store.check_audit(key=key)
    assert report.open_faults == ()
    assert report.erased == done["audit"] > 0
    record = await harness.areas.record(run)
    assert record.requester == done["pseudonym"]
    seen = await harness.snapshots.of(RunId(run))
    assert seen is not None
    assert (seen.prompt, seen.origin.requester_name) == ("(erased)", "someone")
    assert (seen.state, seen.commit, seen.usage) == (before.state, before.commit, before.usage)
    assert (await data.export(XEN.id))["rows"] == []
    assert await memory_keeper_of(harness.restart().infrastructure).keep(RunId(run)) is None, "after a restart too"
    assert await store.memory.items(MemoryFilter(source_run=run)) == []


async def archived(store: SqliteStore, folder: Path) -> tuple[AppHarness, RunId, Path]:
    """A run of hers whose events are in a file, and that file."""
    harness, run = await lived(store, folder)
    harness.clock.advance(200 * 24 * 3600)
    await harness.submit(ADA)  # the last event of the log stays where it is
    async with harness.running():
        await harness.settled(run)
        while await harness.projector.project_some():  # what no one has read yet stays in the table
            pass
    with closing(sqlite3.connect(folder / "ompycord.db")) as raw, raw:
        raw.execute("UPDATE outbox SET status = 'done'")  # no one is there to send it
    await keeper_of(store, folder).inspect()
    (name,) = await store.archive.names()
    return harness, RunId(run), folder / "artifacts" / name[:2] / name


def keeper_of(store: SqliteStore, folder: Path) -> RetentionKeeper:
    options = RetentionOptions(events_days=30)
    unreached = partial(read_unreached, folder)
    return RetentionKeeper(
        archive=store.archive, record=store.cuts, options=options, clock=SystemClock(), unreached=unreached
    )


async def test_an_archive_whose_bytes_spell_a_name_is_written_anew_and_not_removed(
    store: SqliteStore, tmp_path: Path
) -> None:
    harness, run, file = await archived(store, tmp_path)
    before = await store.events_of(run)
    file.write_bytes(file.read_bytes() + f" {XEN.name} ".encode())  # as compressed bytes may by chance
    await person_data_of(harness.infrastructure).erase(XEN.id, by="operator")
    assert [one.position for one in await store.events_of(run)] == [one.position for one in before]
    assert left_in(tmp_path) == []


async def test_an_erasure_goes_past_an_archive_that_is_gone_and_takes_them_out_once_it_is_back(
    store: SqliteStore, tmp_path: Path
) -> None:
    harness, run, file = await archived(store, tmp_path)
    data, aside = person_data_of(harness.infrastructure), tmp_path.with_name("aside")
    file.rename(aside)
    held = await data.export(XEN.id)
    assert held["elsewhere"][0].startswith("Archived events of ")
    done = await data.erase(XEN.id, by="operator")
    assert left_in(tmp_path) == []
    assert await store.memory.items(MemoryFilter(source_run=run)) == []
    month = read_unreached(tmp_path)
    assert [one.pseudonym for one in month] == [done["pseudonym"]]
    assert f"`ompycord person erase {XEN.id} --name THEIR_NAME`" in done["elsewhere"][0]
    keeper = keeper_of(store, tmp_path)
    await keeper.inspect()
    assert "is missing: `ompycord archive restore`" in retention_line(keeper.state).text
    assert archive_finding(tmp_path, database=WHOLE).status == "fail"
    aside.rename(file)
    await keeper.inspect()
    assert f"is back and may name {done['pseudonym']}" in retention_line(keeper.state).text
    assert archive_finding(tmp_path, database=WHOLE).status == "warn"
    again = await data.erase(XEN.id, by="operator", names=(XEN.name,))
    assert (again["events"] > 0, again["elsewhere"][0][:8]) == (True, "Discord:")
    await keeper.inspect()
    assert (retention_line(keeper.state).is_ok, read_unreached(tmp_path)) == (True, frozenset())
    assert archive_finding(tmp_path, database=WHOLE).status == "ok"
    assert await store.archive.naming(Scrub(XEN.id, (XEN.name,), "x")) == ([], [])


async def test_an_erasure_goes_past_a_file_that_cannot_be_removed_and_one_that_ends_early_is_made_good(
    store: SqliteStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness, run = await lived(store, tmp_path)
    artifact = tmp_path / "artifacts" / "ab" / "abc"
    artifact.parent.mkdir(parents=True)
    artifact.write_text(f"by {XEN.name}")

    async def remembering() -> tuple[str, ...]:
        assert await store.memory.items(MemoryFilter(source_run=run)) == []
        return ("The memory backend failed.",)

    data = dataclasses.replace(person_data_of(harness.infrastructure), remembering=remembering)
    with monkeypatch.context() as stopped:
        stopped.setattr(store, "erase_person", _stopped)
        stopped.setattr(Path, "unlink", _refused)
        with pytest.raises(KeyboardInterrupt):
            await data.erase(XEN.id, by="operator")
    assert await store.memory.items(MemoryFilter(source_run=run)) == [], "it is first: it needs the names"
    with monkeypatch.context() as refusing:
        refusing.setattr(Path, "unlink", _refused)
        done = await data.erase(XEN.id, by="operator")
    assert done["elsewhere"][:2] == [
        "The file artifacts/ab/abc (Operation not permitted): remove it by hand.",
        "The memory backend failed.",
    ]
    assert left_in(tmp_path) == [str(artifact)]


async def _stopped(*arguments: object, **more: object) -> None:
    raise KeyboardInterrupt


def _refused(path: Path, missing_ok: bool = False) -> None:
    raise PermissionError(1, "Operation not permitted")


async def test_it_is_refused_while_a_run_is_open_or_a_role_was_given(store: SqliteStore, tmp_path: Path) -> None:
    harness = AppHarness(store, tmp_path, FakeClock(), access=ACCESS)
    record = await harness.submit(XEN)
    data = person_data_of(harness.infrastructure)
    with pytest.raises(RefusedInWords, match="Open runs of theirs: 1"):
        await data.erase(XEN.id, by=XEN.id)
    await harness.areas.runs.cancel(record, ADA)
    given = RoleGrant(
        guild="1" * 18, place="server", kind="user", subject=XEN.id, role="none", by=ADA.id, by_name="Ada", at=1
    )
    await store.put_role_grant(given)
    with pytest.raises(RefusedInWords, match="as configured"):
        await data.erase(XEN.id, by=XEN.id)
    await store.drop_role_grant(given)
    assert (await data.erase(XEN.id, by=XEN.id))["audit"] > 0
    tail = (await store.audit_rows(after=0, limit=100))[-1]
    assert is_pseudonym(tail.text("actor")), "who erased themselves is not named either"


async def test_a_restored_backup_is_erased_again_before_anything_is_served(store: SqliteStore, tmp_path: Path) -> None:
    folder = tmp_path / "now"
    folder.mkdir()
    harness, _ = await lived(store, tmp_path)
    before = tmp_path / "yesterday.db"
    await harness.store.compact()
    before.write_bytes((tmp_path / "ompycord.db").read_bytes())
    await person_data_of(harness.infrastructure).erase(XEN.id, by="operator")
    (folder / "ompycord.db").write_bytes(before.read_bytes())
    (folder / ERASED_FILE).write_bytes((tmp_path / ERASED_FILE).read_bytes())
    (folder / "secrets").mkdir()
    (folder / "secrets/audit_key").write_bytes((tmp_path / "secrets/audit_key").read_bytes())
    before.unlink()
    clock = FakeClock()
    async with open_store(folder / "ompycord.db", clock=clock, ids=SequentialIds(clock)) as restored:
        other = AppHarness(restored, folder, clock, access=ACCESS)
        data: PersonData = person_data_of(other.infrastructure)
        assert XEN.id in await restored.people_known()
        assert await data.erase_again() == 1
        assert await data.erase_again() == 0
        assert (await restored.check_audit(key=anchoring_of(other.infrastructure).key())).open_faults == ()
    assert left_in(folder) == []
