"""`settled`: all that was under way in this process is done, so that *nothing happened* can be said of it."""

import asyncio
from collections.abc import Sequence
from typing import Any

from ompycord.store import SqliteStore
from ompycord.store.connection import StoreConnection
from tests.support.patience import within

__all__ = ["settled"]

SETTLE_S = 20.0


async def settled(*stores: SqliteStore) -> None:
    """Return when nothing is left that could go on without time passing and without another process; bounded.

    Every task and callback that was ready has run, also those that they made ready, and these databases have answered
    all that they were given, also what the answers led to. What waits for a timer, a socket, a thread of its own or an
    event of the test still waits.
    """
    loop: Any = asyncio.get_running_loop()
    async with within(SETTLE_S):
        while True:
            await asyncio.sleep(0)
            if loop._ready:  # asyncio tells nobody else whether a callback waits for its turn
                continue
            if not any(_is_working(store) for store in stores):
                return
            for store in stores:
                for connection in _connections(store):
                    await connection.post(lambda raw: None)  # behind all that its thread was given


def _is_working(store: Any) -> bool:
    """Whether its writer or one of its readers is at work, or has work."""
    return not store._writer._idle.is_set() or not store._readers._free.full()


def _connections(store: Any) -> Sequence[StoreConnection]:
    return store._connection, *store._readers._connections
