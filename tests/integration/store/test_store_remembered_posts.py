"""What a post costs, and that what the writer remembers of runs and sources is never older than the database."""

import asyncio
import random
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import closing
from pathlib import Path

import pytest

from ompycord.domain import events as ev
from ompycord.domain.authority import SourceKind
from ompycord.domain.folds.fold import fold
from ompycord.domain.ids import RunId
from ompycord.domain.ports import DumpedFold
from ompycord.domain.records import Commit, KeyRecord, Post, Receipt, Scope
from ompycord.domain.run import RunState
from ompycord.errors import BadEvent, IdConflict, RunFinal
from ompycord.store import PROJECTOR, SqliteStore, open_store
from ompycord.store.post_memory import KEPT
from tests.integration.store.world import NOW, CountingIds, HandClock, People, Sender, receipt, receipts
from tests.support.database_faults import faulty_writes, logged_writer, remembering_nothing, sources_remembered

REMEMBERED = [
    "BEGIN IMMEDIATE",
    "INSERT INTO webhook_ids",
    "INSERT INTO events",
    "INSERT INTO source_states",
    "COMMIT",
]


@pytest.fixture
async def other(tmp_path: Path, clock: HandClock) -> AsyncGenerator[SqliteStore]:
    """A store that reads what each post needs."""
    async with open_store(tmp_path / "other" / "ompycord.db", clock=clock, ids=CountingIds(), readers=1) as opened:
        remembering_nothing(opened)
        yield opened


async def test_a_post_of_a_known_source_costs_five_statements(store: SqliteStore, sender: Sender) -> None:
    await store.append([sender.post(seq=1, webhook_id="m1")])
    async with logged_writer(store) as statements:
        for seq in range(2, 5):
            await store.append([sender.post(seq=seq, webhook_id=f"m{seq}")])
    assert statements == REMEMBERED * 3


async def test_sixty_four_posts_at_once_cost_as_many_as_one(store: SqliteStore, sender: Sender) -> None:
    await store.append([sender.post(seq=1, name=f"run{n}", webhook_id=f"a{n}") for n in range(64)])
    posts = [sender.post(seq=2, name=f"run{n}", webhook_id=f"b{n}") for n in range(64)]
    async with logged_writer(store) as statements:
        receipts(await store.append(posts))
    assert statements == REMEMBERED


async def test_the_first_post_of_a_run_is_read_once(store: SqliteStore, sender: Sender) -> None:
    await store.append([sender.post(seq=1, name="a", webhook_id="m1")])
    async with logged_writer(store) as statements:
        await store.append([sender.post(seq=1, name="b", webhook_id="m2")])
    assert (
        statements
        == [
            "BEGIN IMMEDIATE",
            "WITH w",  # the webhook-ids
            "WITH w",  # the run by its name
            "INSERT INTO runs",
            *REMEMBERED[1:],
        ]
    )


async def test_a_projection_costs_its_rows_and_leaves_what_is_remembered(store: SqliteStore, sender: Sender) -> None:
    taken = receipt((await store.append([sender.post(seq=1, webhook_id="m1")]))[0])
    full = DumpedFold.of(fold(taken.run, await store.events_of(taken.run)))
    async with logged_writer(store) as statements:
        await store.project(PROJECTOR, upto=1, folds=[full], states={}, outbox=())
        await store.append([sender.post(seq=2, webhook_id="m2")])
    assert statements == ["BEGIN IMMEDIATE", "WITH w", "INSERT INTO cursors", "COMMIT", *REMEMBERED]


async def test_a_request_to_cancel_is_known_at_once(store: SqliteStore, sender: Sender, people: People) -> None:
    run = receipt((await store.append([sender.post(seq=1)]))[0]).run
    assert not receipt((await store.append([sender.post(seq=2)]))[0]).cancel_requested
    await store.commit(Commit(writes=(people.event(run, ev.CancelRequested(by="person")),)))
    assert receipt((await store.append([sender.post(seq=3)]))[0]).cancel_requested
    assert receipt((await store.append([sender.post(seq=4)]))[0]).cancel_requested


async def test_the_end_of_a_hosted_run_is_known_at_once(
    store: SqliteStore, sender: Sender, people: People, ids: CountingIds
) -> None:
    run = await people.submit(store)
    key = KeyRecord(
        id=sender.key,
        name="k",
        kind="bearer",
        scopes=frozenset({Scope.EVENTS_WRITE}),
        run=RunId(run.id),
        created_at=NOW,
    )
    await store.commit(Commit(writes=(key,)))

    def post(seq: int) -> Post:
        return sender.post(seq=seq, name=run.id, kind=SourceKind.RUN_KEY)

    receipts([*await store.append([post(1)]), *await store.append([post(2)])])
    await store.commit(Commit(writes=(people.move(run.id, RunState.COMPLETE),)))
    [late] = await store.append([post(3)])
    assert isinstance(late, RunFinal)


async def test_a_repeated_webhook_id_gets_its_first_answer_and_spoils_no_neighbour(
    store: SqliteStore, sender: Sender
) -> None:
    first = receipt((await store.append([sender.post(seq=1, webhook_id="m1")]))[0])
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(store.append([post]))
            for post in (
                sender.post(seq=2, webhook_id="m2"),
                sender.post(seq=1, webhook_id="m1"),
                sender.post(seq=3, webhook_id="m1"),
                sender.post(seq=3, webhook_id="m3"),
            )
        ]
    second, again, conflict, third = (task.result()[0] for task in tasks)
    assert receipt(again) == Receipt(run=first.run, position=1, duplicate=True, replayed=True)
    assert isinstance(conflict, IdConflict)
    assert [receipt(second).position, receipt(third).position] == [2, 3]
    assert [event.seq for event in await store.events_after(0, limit=10)] == [1, 2, 3]


async def test_a_repeated_webhook_id_is_read_once(store: SqliteStore, sender: Sender) -> None:
    await store.append([sender.post(seq=1, webhook_id="m1", sent=b"1")])
    async with logged_writer(store) as statements:
        assert receipt((await store.append([sender.post(seq=2, webhook_id="m1", sent=b"1")]))[0]).replayed
    refused = ["BEGIN IMMEDIATE", "INSERT INTO webhook_ids", "ROLLBACK"]
    read = ["SELECT coalesce", "WITH w", "WITH w"]  # the last numbers, the webhook-id, the run
    assert statements == [*refused, "BEGIN IMMEDIATE", "SAVEPOINT item", *read, "RELEASE item", "COMMIT"]


async def test_a_repeated_webhook_id_beside_a_decision_of_ours_is_read(
    store: SqliteStore, sender: Sender, people: People
) -> None:
    run = receipt((await store.append([sender.post(seq=1, webhook_id="m1", sent=b"1")]))[0]).run
    async with asyncio.TaskGroup() as group:
        group.create_task(store.append([sender.post(seq=2, webhook_id="m2")]))  # what comes meanwhile shares the next
        again = group.create_task(store.append([sender.post(seq=9, webhook_id="m1", sent=b"1")]))
        noted = group.create_task(store.commit(Commit(writes=(people.event(run, ev.Note(text="n")),))))
        last = group.create_task(store.append([sender.post(seq=3, webhook_id="m3")]))
    assert receipt(again.result()[0]).replayed
    assert [*noted.result().positions, receipt(last.result()[0]).position] == [3, 4]


async def test_what_another_program_wrote_is_read(store: SqliteStore, sender: Sender, path: Path) -> None:
    await store.append([sender.post(seq=1, webhook_id="m1")])
    with closing(sqlite3.connect(path)) as raw, raw:  # a person with a shell, say
        raw.execute("UPDATE source_states SET final_seq = 1")
    [late] = await store.append([sender.post(seq=2, webhook_id="m2")])
    assert isinstance(late, RunFinal)


async def test_what_was_rolled_back_is_not_remembered(store: SqliteStore, sender: Sender) -> None:
    await store.append([sender.post(seq=1, webhook_id="m1")])
    async with faulty_writes(store, "INSERT ON source_states") as fault:
        fault.refuse(3)
        with pytest.raises(Exception, match="Nothing was stored"):
            await store.append([sender.post(seq=2, webhook_id="m2")])
    taken = receipt((await store.append([sender.post(seq=2, webhook_id="m2")]))[0])
    assert (taken.position, taken.duplicate) == (2, False)
    assert await store.backlog() == 2


async def test_after_many_sources_all_is_forgotten_and_read_again(store: SqliteStore, sender: Sender) -> None:
    for at in range(0, KEPT + 500, 500):
        if at <= KEPT:
            assert sources_remembered(store) == at
        receipts(await store.append([sender.post(seq=1, name=f"run{n}") for n in range(at, at + 500)]))
    assert sources_remembered(store) <= KEPT
    taken = receipts(await store.append([sender.post(seq=2, name=f"run{n}") for n in range(0, KEPT, 400)]))
    assert not any(one.duplicate for one in taken)


@pytest.mark.parametrize("seed", range(12))
async def test_with_memory_or_without_the_answers_are_the_same(
    store: SqliteStore, other: SqliteStore, seed: int
) -> None:
    """Posts of a few runs, in and out of order, repeated, refused, alone and together, among decisions of ours."""
    answers: list[list[object]] = []
    for one in (store, other):
        rng = random.Random(seed)  # a test that can be repeated
        sender, people = Sender(CountingIds(1000)), People(CountingIds(900_000))
        found: list[object] = []
        for _ in range(60):
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(_append(one, sender, rng)) for _ in range(rng.randint(1, 4))]
            found += [task.result() for task in tasks]
            if rng.random() < 0.15:
                run = next(iter(await one.events_after(0, limit=1))).run
                await one.commit(Commit(writes=(people.event(run, ev.CancelRequested(by="person")),)))
        stored = [(e.position, e.run, e.source, e.seq, e.body) for e in await one.events_after(0, limit=1000)]
        answers.append([found, stored])
    assert answers[0] == answers[1]


async def _append(store: SqliteStore, sender: Sender, rng: random.Random) -> list[tuple[object, ...]]:
    def post() -> Post:
        body = ev.RunFinished() if rng.random() < 0.03 else ev.Note(text=f"n{rng.randint(1, 2)}")
        seq = rng.randint(1, 30) if rng.random() < 0.9 else None
        webhook_id = f"w{rng.randint(1, 60)}" if rng.random() < 0.5 else None
        return sender.post(body, seq=seq, name=f"run{rng.randint(1, 3)}", webhook_id=webhook_id)

    posts = [post() for _ in range(rng.randint(1, 3))]
    together = rng.random() < 0.3
    if together:
        posts = [
            one._replace(name=posts[0].name, webhook_id=None if one is not posts[-1] else one.webhook_id)
            for one in posts
        ]
    results = await store.append(posts, together=together)
    return [(type(one), str(one)) if isinstance(one, BadEvent) else (type(one), one) for one in results]
