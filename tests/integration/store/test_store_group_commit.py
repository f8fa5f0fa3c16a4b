"""Many callers, few transactions, and nobody suffers for another (docs/platform/sqlite.md, *Throughput*)."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from ompycord.domain import events as ev
from ompycord.domain.ids import RunId
from ompycord.domain.records import Commit, Receipt
from ompycord.domain.run import RunState
from ompycord.errors import BadEvent, RunFinal, StorageError, VersionConflict
from ompycord.store import SqliteStore, open_store
from tests.integration.store.world import CountingIds, HandClock, People, Sender


async def test_what_arrives_during_a_commit_shares_the_next(store: SqliteStore, sender: Sender) -> None:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(store.append([sender.post(seq=n)])) for n in range(1, 301)]
    assert all(isinstance(task.result()[0], Receipt) for task in tasks)
    assert await store.backlog() == 300
    assert store.transactions <= 3


async def test_a_bad_one_among_good_ones_fails_alone(store: SqliteStore, sender: Sender, people: People) -> None:
    run = await people.submit(store)
    task = people.task()
    half_done = people.run(task)

    async def conflict() -> str:
        try:
            await store.commit(
                Commit(
                    writes=(
                        task,
                        half_done,
                        people.event(run.id, ev.Note(text="never")),
                        people.move(run.id, RunState.FAILED, version=7),
                    )
                )
            )
        except VersionConflict:
            return "conflict"
        return "taken"

    before = store.transactions
    async with asyncio.TaskGroup() as group:
        good = [group.create_task(store.append([sender.post(seq=n)])) for n in (1, 2)]
        bad = group.create_task(conflict())
        ended = group.create_task(store.append([sender.post(ev.RunFinished(), seq=3)]))
        late = group.create_task(store.append([sender.post(seq=4)]))
        moved = group.create_task(store.commit(Commit(writes=(people.move(run.id, RunState.PRECHECK),))))
    assert all(isinstance(task.result()[0], Receipt) for task in (*good, ended))
    assert isinstance(late.result()[0], RunFinal)
    assert bad.result() == "conflict"
    assert await store.run(RunId(half_done.id)) is None
    assert await store.task(task.id) is None
    assert moved.result().fresh
    assert store.transactions - before <= 2
    assert [e.seq for e in await store.events_after(0, limit=10)] == [1, 2, 3]


async def test_a_cancelled_caller_takes_nobody_along(store: SqliteStore, sender: Sender) -> None:
    async with asyncio.TaskGroup() as group:
        running = group.create_task(store.append([sender.post(seq=1)]))
        waiting = group.create_task(store.append([sender.post(seq=2)]))
        others = [group.create_task(store.append([sender.post(seq=n)])) for n in range(3, 9)]
        await asyncio.sleep(0)  # all have begun: the first is in its thread, the rest wait for the next batch
        running.cancel()
        waiting.cancel()
    assert running.cancelled()
    assert waiting.cancelled()
    assert all(isinstance(task.result()[0], Receipt) for task in others)
    stored = [e.seq for e in await store.events_after(0, limit=20)]
    assert stored == [1, 3, 4, 5, 6, 7, 8]  # the first was already on its way; the second never began

    again = await store.append([sender.post(seq=1), sender.post(seq=2)])
    assert [isinstance(r, Receipt) and r.duplicate for r in again] == [True, False]


async def test_a_refusing_database_fails_that_batch_and_no_later_one(path: Path, sender: Sender) -> None:
    clock, ids = HandClock(), CountingIds(10**6)
    async with open_store(path, clock=clock, ids=ids, readers=1, busy_timeout_s=0.05) as store:
        await store.append([sender.post(seq=1)])
        stranger = sqlite3.connect(path, isolation_level=None)
        stranger.execute("BEGIN IMMEDIATE")
        try:
            results: list[str] = []

            async def send(seq: int) -> None:
                try:
                    await store.append([sender.post(seq=seq)])
                except StorageError as error:
                    results.append(str(error))

            async with asyncio.TaskGroup() as group:
                for seq in (2, 3, 4):
                    group.create_task(send(seq))
        finally:
            stranger.execute("ROLLBACK")
            stranger.close()
        assert len(results) == 3
        assert all("SQLITE_BUSY" in text for text in results)
        taken = await store.append([sender.post(seq=n) for n in (2, 3, 4)])
        assert [isinstance(r, BadEvent) or r.duplicate for r in taken] == [False] * 3


async def test_a_queue_that_is_full_says_so_at_once(store: SqliteStore, sender: Sender) -> None:
    big = [sender.post(seq=n) for n in range(1, 5002)]
    outcomes: list[str] = []

    async def send() -> None:
        try:
            await store.append(big)
        except StorageError:
            outcomes.append("full")
        else:
            outcomes.append("taken")

    async with asyncio.TaskGroup() as group:
        for _ in range(5):
            group.create_task(send())
    assert sorted(outcomes) == ["full", "taken", "taken", "taken", "taken"]
    assert await store.backlog() == 5001


async def test_closing_commits_what_was_taken_and_refuses_the_rest(path: Path, sender: Sender) -> None:
    async with open_store(path, clock=HandClock(), ids=CountingIds(10**6), readers=1) as store:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(store.append([sender.post(seq=n)])) for n in range(1, 50)]
            await asyncio.sleep(0)  # all have begun
            await store.close()
        assert all(task.result() for task in tasks)
        await store.close()
        for refused in (store.append([sender.post(seq=99)]), store.backlog()):
            with pytest.raises(StorageError, match="closed"):
                await refused
    async with open_store(path, clock=HandClock(), ids=CountingIds(10**6), readers=1) as store:
        assert await store.backlog() == 49


async def test_a_query_that_takes_too_long_is_stopped(path: Path, sender: Sender) -> None:
    clock = HandClock()
    async with open_store(path, clock=clock, ids=CountingIds(10**6), readers=1, query_timeout_s=5) as store:
        for first in range(1, 4001, 1000):
            await store.append([sender.post(seq=n) for n in range(first, first + 1000)])
        clock.step_s = 60.0  # every look at the clock costs a minute
        with pytest.raises(StorageError, match="too long"):
            await store.events_after(0, limit=4000)
        clock.step_s = 0.0
        assert len(await store.events_after(0, limit=4000)) == 4000


async def test_a_cancelled_reader_gives_its_connection_back(path: Path, sender: Sender) -> None:
    async with open_store(path, clock=HandClock(), ids=CountingIds(10**6), readers=1) as store:
        await store.append([sender.post(seq=n) for n in range(1, 1001)])
        for _ in range(3):
            async with asyncio.TaskGroup() as group:
                task = group.create_task(store.events_after(0, limit=1000))
                await asyncio.sleep(0)
                task.cancel()
        assert await store.backlog() == 1000
