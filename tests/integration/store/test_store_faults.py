"""What tests of others rely on: faults that are set below the store, what it read, and when all is settled."""

import asyncio
import sqlite3
import threading
from typing import Any

import pytest

from ompycord.domain.ids import RunId
from ompycord.domain.records import Draft
from ompycord.errors import NotStored, StorageError
from ompycord.store import SqliteStore
from tests.integration.store.world import NOW, People, Sender
from tests.support.database_faults import FOLD, RECORD, faulty_writes, logged_reads, unreadable
from tests.support.patience import patient
from tests.support.settled import settled


def draft(people: People) -> Draft:
    return Draft(id=people.ids.ulid(), person="1", guild="2", channel="3", body={"prompt": "Fix it"}, created_at=NOW)


async def test_a_refused_row_fails_alone_and_so_often(store: SqliteStore, people: People, sender: Sender) -> None:
    async with faulty_writes(store, "INSERT ON drafts") as drafts:
        drafts.refuse(1)
        async with asyncio.TaskGroup() as group:
            group.create_task(store.append([sender.post(seq=1)]))
            with pytest.raises(NotStored):
                await store.save_draft(draft(people))
        await store.save_draft(draft(people))
        assert (drafts.seen, drafts.refusals, drafts.refused.is_set()) == (2, 0, True)
    await store.save_draft(draft(people))
    assert await store.backlog() == 1


async def test_a_row_that_is_held_is_written_once_it_is_released(store: SqliteStore, people: People) -> None:
    wanted = draft(people)
    async with faulty_writes(store, "INSERT ON drafts") as drafts, asyncio.TaskGroup() as group:
        drafts.hold()
        saving = group.create_task(store.save_draft(wanted))
        assert await store.draft(wanted.id) is None
        assert not saving.done()
        drafts.release()
        await saving
        assert await store.draft(wanted.id) == wanted


async def test_a_table_cannot_be_read_for_a_while(store: SqliteStore, people: People) -> None:
    kept = draft(people)
    await store.save_draft(kept)
    assert await store.draft(kept.id) == kept
    async with unreadable(store, "drafts"):
        with pytest.raises(StorageError):
            await store.draft(kept.id)
        assert await store.outbox() == []
    assert await store.draft(kept.id) == kept


async def test_what_is_read_is_logged_by_its_tables(store: SqliteStore, people: People) -> None:
    run = await people.submit(store)
    async with logged_reads(store) as log:
        await store.run(RunId(run.id))
        await store.outbox()
        await store.folds([RunId(run.id)])
    assert log.of(RECORD, FOLD) == [RECORD, FOLD]
    await store.run(RunId(run.id))
    assert log.of(RECORD) == [RECORD]


TURNS = 200
"""Turns of the loop in which `settled` would have returned many times over, were it not for what it waits for."""


async def test_settled_waits_for_what_is_ready_and_not_for_what_waits() -> None:
    done: list[str] = []
    go = asyncio.Event()

    async def works() -> None:
        for _ in range(TURNS):
            await asyncio.sleep(0)
        done.append("worked")
        await go.wait()
        done.append("went")

    async with asyncio.TaskGroup() as group:
        group.create_task(works())
        await settled()
        assert done == ["worked"]
        go.set()
    assert done == ["worked", "went"]


async def test_settled_waits_for_what_is_written(store: SqliteStore, people: People) -> None:
    async with faulty_writes(store, "INSERT ON drafts") as drafts, asyncio.TaskGroup() as group:
        drafts.hold()
        saving = group.create_task(store.save_draft(draft(people)))
        settling = group.create_task(settled(store))
        for _ in range(TURNS):
            await asyncio.sleep(0)
        assert not settling.done()
        drafts.release()
        await settling
        assert saving.done()


async def test_settled_waits_for_what_is_read(store: SqliteStore) -> None:
    go = threading.Event()
    inside: Any = store

    def read(raw: sqlite3.Connection) -> bool:
        return go.wait(patient(10))

    async with asyncio.TaskGroup() as group:
        reading = group.create_task(inside._readers.read(read))
        settling = group.create_task(settled(store))
        for _ in range(TURNS):
            await asyncio.sleep(0)
        assert not settling.done()
        go.set()
        await settling
        assert reading.done()
