"""What `Store.commit` owes a decision: all or nothing, once, guarded, audited."""

import hashlib
import json
import sqlite3
from pathlib import Path

import pytest

from ompycord.domain import events as ev
from ompycord.domain.effects import CleanUp, PrepareWorkspace, StopAgent
from ompycord.domain.ids import OMPYCORD, RunId
from ompycord.domain.ports import RunFilter
from ompycord.domain.records import (
    Commit,
    Decision,
    EffectStatus,
    EffectUpdate,
    KeyRecord,
    KeysEnd,
    OutboxKind,
    OutboxRow,
    Scope,
    Surface,
)
from ompycord.domain.run import Machine, RunRecord, RunState
from ompycord.errors import SequenceConflict, StaleResult, StorageError, UnknownRun, VersionConflict
from ompycord.store import SqliteStore
from tests.integration.store.world import NOW, HandClock, People


async def test_a_submitted_draft_becomes_one_run(store: SqliteStore, people: People) -> None:
    task = people.task()
    run = people.run(task, guild="guild")
    draft = people.draft()
    await store.save_draft(draft)
    assert await store.draft(draft.id) == draft

    commit = Commit(
        writes=(
            draft.model_copy(update={"run": run.id}),
            task,
            run,
            people.decision(run.id),
            people.event(run.id, ev.RunSubmitted(task=task)),
            OutboxRow(run=RunId(run.id), kind=OutboxKind.SUMMARY, created_at=NOW, body={"a": 1}),
        )
    )
    done = await store.commit(commit)
    assert (done.fresh, done.positions) == (True, (1,))

    assert await store.run(RunId(run.id)) == run
    assert await store.task(task.id) == task
    kept = await store.draft(draft.id)
    assert kept is not None
    assert (kept.run, kept.body) == (run.id, draft.body)

    again = await store.commit(commit)
    assert not again.fresh
    assert again.earlier == commit.of(Decision)[0]
    assert len(await store.events_of(RunId(run.id))) == 1
    assert len(await store.outbox()) == 1


async def test_a_draft_that_became_a_run_becomes_no_other(store: SqliteStore, people: People) -> None:
    task = people.task()
    first, second = people.run(task), people.run(task)
    draft = people.draft()
    assert (await store.commit(Commit(writes=(people.draft(first.id, id=draft.id), task, first)))).fresh
    late = await store.commit(Commit(writes=(people.draft(second.id, id=draft.id), task, second)))
    assert not late.fresh
    assert await store.run(RunId(second.id)) is None


async def test_two_drafts_become_no_common_run(store: SqliteStore, people: People) -> None:
    run = await people.submit(store)
    assert (await store.commit(Commit(writes=(people.draft(run.id),)))).fresh
    assert not (await store.commit(Commit(writes=(people.draft(run.id),)))).fresh


async def test_a_draft_typed_again_keeps_its_run(store: SqliteStore, people: People) -> None:
    run = await people.submit(store)
    draft = people.draft()
    await store.save_draft(draft)
    await store.commit(Commit(writes=(draft.model_copy(update={"run": run.id}),)))
    await store.save_draft(draft.model_copy(update={"body": {"prompt": "other"}}))
    kept = await store.draft(draft.id)
    assert kept is not None
    assert (kept.body, kept.run) == ({"prompt": "other"}, run.id)


async def test_the_second_click_finds_the_first(store: SqliteStore, people: People) -> None:
    run = await people.submit(store)
    first = people.decision(run.id, "question", "q1", "blue")
    second = people.decision(run.id, "question", "q1", "red")
    assert (await store.commit(Commit(writes=(first,)))).fresh
    answer = await store.commit(Commit(writes=(second, people.event(run.id, ev.Note(text="not stored")))))
    assert not answer.fresh
    assert answer.earlier == first
    assert await store.decision(RunId(run.id), "question", "q1") == first
    assert await store.events_of(RunId(run.id)) == []
    assert (await store.commit(Commit(writes=(people.decision(run.id, "question", "q2"),)))).fresh


async def test_a_transition_moves_the_row_and_its_columns(store: SqliteStore, people: People, clock: HandClock) -> None:
    run = await people.submit(store)
    clock.wall_ms += 1000
    await store.commit(Commit(writes=(people.move(run.id, RunState.BUILDING),)))
    moved = await store.run(RunId(run.id))
    assert moved is not None
    assert (moved.state, moved.version, moved.updated_at, moved.ended_at) == ("BUILDING", 1, NOW + 1000, None)
    assert moved.machine == Machine(state=RunState.BUILDING)

    await store.commit(Commit(writes=(people.move(run.id, RunState.FAILED, version=1),)))
    ended = await store.run(RunId(run.id))
    assert ended is not None
    assert (ended.version, ended.ended_at) == (2, NOW + 1000)


async def test_a_moved_run_refuses_the_whole_commit(store: SqliteStore, people: People) -> None:
    run = await people.submit(store)
    await store.commit(Commit(writes=(people.move(run.id, RunState.PRECHECK),)))
    with pytest.raises(VersionConflict):
        await store.commit(
            Commit(
                writes=(
                    people.decision(run.id, "stop"),
                    people.event(run.id, ev.RunStopped(by="Ada")),
                    people.effect(run.id),
                    people.move(run.id, RunState.SUSPENDED),
                )
            )
        )
    assert await store.decision(RunId(run.id), "stop", "") is None
    assert await store.events_of(RunId(run.id)) == []
    assert await store.open_effects() == []
    assert await store.verify_audit() == 0
    with pytest.raises(UnknownRun):
        await store.commit(Commit(writes=(people.move("0" * 26, RunState.PRECHECK),)))


async def test_events_of_ours_are_numbered_by_the_store(store: SqliteStore, people: People) -> None:
    run = await people.submit(store)
    notes = [people.event(run.id, ev.Note(text=text)) for text in "abc"]
    assert (await store.commit(Commit(writes=(*notes[:2],)))).positions == (1, 2)
    assert (await store.commit(Commit(writes=(notes[2],)))).positions == (3,)
    assert [(e.source, e.seq) for e in await store.events_of(RunId(run.id))] == [(OMPYCORD, n) for n in (1, 2, 3)]
    with pytest.raises(SequenceConflict):
        await store.commit(Commit(writes=(people.event(run.id, ev.Note(text="d"), seq=9),)))


async def test_the_journal_goes_forward_only(store: SqliteStore, people: People) -> None:
    run = await people.submit(store)
    effect = people.effect(run.id)
    await store.commit(Commit(writes=(effect,)))
    assert await store.open_effects() == [effect]

    def step(status: EffectStatus, at: int, outcome: str | None = None) -> Commit:
        update = EffectUpdate(run=RunId(run.id), key=effect.key, status=status, at=at, outcome=outcome)
        return Commit(writes=(update,))

    await store.commit(step(EffectStatus.STARTED, NOW + 1))
    await store.commit(step(EffectStatus.STARTED, NOW + 2))
    [started] = await store.open_effects()
    assert (started.attempts, started.started_at, started.finished_at) == (2, NOW + 2, None)
    await store.commit(step(EffectStatus.DONE, NOW + 3, "ok"))
    await store.commit(step(EffectStatus.STARTED, NOW + 4))
    await store.commit(Commit(writes=(effect,)))
    assert await store.open_effects() == []

    with pytest.raises(UnknownRun):
        await store.commit(
            Commit(writes=(EffectUpdate(run=RunId(run.id), key="build:9", status=EffectStatus.DONE, at=NOW),))
        )


async def test_a_result_under_an_older_lease_is_refused_with_all_that_comes_with_it(
    store: SqliteStore, people: People
) -> None:
    run = await people.submit(store)
    effect = people.effect(run.id)
    await store.commit(Commit(writes=(effect,)))

    async def start() -> int:
        update = EffectUpdate(run=RunId(run.id), key=effect.key, status=EffectStatus.STARTED, at=NOW)
        await store.commit(Commit(writes=(update,)))
        record = await store.run(RunId(run.id))
        assert record is not None
        return record.lease_epoch

    def end(epoch: int) -> Commit:
        update = EffectUpdate(
            run=RunId(run.id), key=effect.key, status=EffectStatus.DONE, at=NOW, outcome="ok", epoch=epoch
        )
        return Commit(writes=(people.event(run.id, ev.Note(text="done")), update))

    first, second = await start(), await start()
    assert second == first + 1
    with pytest.raises(StaleResult):
        await store.commit(end(first))
    assert await store.events_of(RunId(run.id)) == []
    assert len(await store.open_effects()) == 1
    await store.commit(end(second))
    assert (len(await store.events_of(RunId(run.id))), await store.open_effects()) == (1, [])


async def test_open_effects_come_oldest_first(store: SqliteStore, people: People) -> None:
    run = await people.submit(store)
    effects = [CleanUp(iteration=1), PrepareWorkspace(iteration=1), StopAgent(iteration=1)]
    rows = [people.effect(run.id, effect) for effect in effects]
    late = rows[0].model_copy(update={"created_at": NOW + 1})
    await store.commit(Commit(writes=(late, *rows[1:])))
    assert await store.open_effects() == [*rows[1:], late]


async def test_keys_end_with_their_run(store: SqliteStore, people: People, clock: HandClock) -> None:
    run = await people.submit(store)

    def key(name: str, **more: object) -> KeyRecord:
        values: dict[str, object] = {
            "id": name, "name": name, "kind": "bearer", "sha256": "0" * 64, "scopes": {Scope.MCP, Scope.EVENTS_WRITE},
            "created_at": NOW,
        }  # fmt: skip
        return KeyRecord.model_validate({**values, **more})

    keys = [
        key("aaaa", run=run.id),
        key("bbbb", run=run.id, expires_at=NOW + 1),
        key("cccc", channel="builds"),
        key("dddd", kind="hmac", sha256=None),
    ]
    await store.commit(Commit(writes=(*keys,)))
    assert await store.keys() == keys

    await store.commit(Commit(writes=(KeysEnd(run=RunId(run.id)),)))
    assert [k.expires_at for k in await store.keys()] == [NOW + 600_000, NOW + 1, None, None]

    clock.wall_ms = NOW + 2  # a run that is over leaves none behind
    assert [k.id for k in await store.keys()] == ["aaaa", "cccc", "dddd"]

    await store.commit(Commit(writes=(key("cccc", revoked_at=NOW, sha256="f" * 64),)))
    assert [k.id for k in await store.keys()] == ["aaaa", "dddd"]


async def test_an_impossible_row_is_a_storage_error_and_nothing_of_it_stays(store: SqliteStore, people: People) -> None:
    run = await people.submit(store)
    decision = people.decision(run.id, "stop")
    twin = people.decision(run.id, "cancel").model_copy(update={"id": decision.id})
    with pytest.raises(StorageError):
        await store.commit(Commit(writes=(decision, twin)))
    assert await store.decision(RunId(run.id), "stop", "") is None
    orphan = people.run(people.task())
    with pytest.raises(StorageError):
        await store.commit(Commit(writes=(orphan,)))


async def test_every_decision_is_a_link_of_the_audit_chain(store: SqliteStore, people: People, path: Path) -> None:
    run = await people.submit(store)
    decision = people.decision(run.id, "stop", action="halt, bitte 🛑")
    await store.commit(Commit(writes=(decision,)))
    await store.audit(actor="cli", action="key.revoked", subject="aaaa", detail={"b": "2", "a": "1"}, at=NOW)
    assert await store.verify_audit() == 2

    with sqlite3.connect(path) as raw:
        rows = raw.execute("SELECT n, at, actor, action, subject, detail, previous, hash FROM audit").fetchall()
    raw.close()
    previous = bytes(32)
    for n, at, actor, action, subject, detail, before, digest in rows:
        row = {"n": n, "at": at, "actor": actor, "action": action, "subject": subject, "detail": json.loads(detail)}
        text = json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert before == previous
        assert digest == (previous := hashlib.sha256(previous + text.encode()).digest())
    assert rows[0][2:5] == ("person", "stop", run.id)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("UPDATE audit SET actor = 'nobody' WHERE n = 2", "row 2 was changed"),
        ("UPDATE audit SET detail = '{}' WHERE n = 1", "row 1 was changed"),
        ("DELETE FROM audit WHERE n = 2", "row 2 is missing"),
        ("DELETE FROM audit WHERE n = 1", "row 1 is missing"),
    ],
)
async def test_a_changed_audit_row_is_found(store: SqliteStore, path: Path, change: str, found: str) -> None:
    for n in range(3):
        await store.audit(actor="a", action="b", subject=str(n), detail={"n": str(n)}, at=NOW)
    with sqlite3.connect(path) as raw:
        raw.execute(change)
    raw.close()
    with pytest.raises(StorageError, match=found):
        await store.verify_audit()


async def test_runs_are_found_by_what_people_know(store: SqliteStore, people: People) -> None:
    task = people.task()
    runs = [
        people.run(task, guild="a", repository="one"),
        people.run(task, guild="b", requester="other", machine=Machine(state=RunState.FAILED), state=RunState.FAILED,
                   ended_at=NOW),
        people.run(task, guild="a", repository="two"),
    ]  # fmt: skip
    await store.commit(Commit(writes=(task, *runs)))

    async def found(**which: object) -> list[int]:
        return [runs.index(run) for run in await store.runs(RunFilter.model_validate(which))]

    assert await found() == [2, 1, 0]
    assert await found(limit=1) == [2]
    assert await found(guild="a") == [2, 0]
    assert await found(is_open=True) == [2, 0]
    assert await found(is_open=False) == [1]
    assert await found(states={RunState.FAILED, RunState.QUEUED}, guild="b") == [1]
    assert await found(states=()) == []
    assert await found(requester="other", repository="one") == []
    assert await found(repository="two") == [2]
    assert await found(ending=runs[1].id[-6:].lower()) == [1]
    assert await found(ending="%") == []


async def test_whoever_reads_a_run_reads_all_of_it(store: SqliteStore, people: People, path: Path) -> None:
    """A column that one of these left out would read as its default."""
    with sqlite3.connect(path) as raw:
        columns = {row[1] for row in raw.execute("PRAGMA table_info(runs)")}
    raw.close()
    assert columns == {"pk", *RunRecord.model_fields}
    task = people.task()
    whole = people.run(
        task,
        guild="guild",
        channel="channel",
        requester="ada",
        repository="shop",
        agent="omp",
        external_name="name",
        key_id="key",
        chain=people.task().id,
    )
    whole = whole.model_copy(update={"version": 3, "lease_epoch": 4, "updated_at": NOW + 1})
    unset = {name for name, value in whole if value == RunRecord.model_fields[name].default}
    assert unset <= {"ended_at", "state"}, "an open run shows that every other column is read"
    await store.commit(Commit(writes=(task, whole)))
    run = RunId(whole.id)
    await store.shown(Surface(run=run, kind=OutboxKind.CARD, channel="channel", message="41", posted_at=NOW))
    assert await store.run(run) == whole
    assert await store.runs_by_id([run]) == {run: whole}
    assert await store.runs(RunFilter()) == await store.runs(RunFilter(is_open=True)) == [whole]
    assert await store.run_of_surface("41") == whole
