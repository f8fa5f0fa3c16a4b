"""A process that appends and decides as fast as it can and prints each acknowledgement; test_store_crash.py kills it.

Started as `python -m tests.integration.store.store_under_load <database> <first number> [file size limit]`.
"""

import asyncio
import sys
from pathlib import Path

from ompycord.domain.records import Commit
from ompycord.errors import BadEvent, StorageError
from ompycord.store import SqliteStore, open_store
from tests.integration.store.world import CountingIds, HandClock, People, Sender

LANES = 16


def say(*words: object) -> None:
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


async def observe(store: SqliteStore, ids: CountingIds, source_state: int, first: int) -> None:
    sender = Sender(ids)
    for seq in range(first, first + 100_000):
        post = sender.post(
            seq=seq,
            source=str(source_state),
            webhook_id=f"msg_{source_state}_{seq}",
            sent=f"{source_state} {seq}".encode(),
        )
        try:
            [result] = await store.append([post])
        except StorageError as error:
            say("failed", source_state, seq, error)
            return
        say("refused" if isinstance(result, BadEvent) else "event", source_state, seq)


async def decide(store: SqliteStore, ids: CountingIds) -> None:
    people = People(ids)
    for _ in range(100_000):
        task = people.task()
        run = people.run(task)
        try:
            await store.commit(Commit(writes=(task, run, people.decision(run.id))))
        except StorageError as error:
            say("failed", run.id, error)
            return
        say("decision", run.id)


async def main(path: Path, first: int) -> None:
    ids = CountingIds(first << 40)
    async with open_store(path, clock=HandClock(), ids=ids, readers=1) as store, asyncio.TaskGroup() as group:
        say("ready")
        for source_state in range(LANES):
            group.create_task(observe(store, ids, source_state, first))
        group.create_task(decide(store, ids))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
