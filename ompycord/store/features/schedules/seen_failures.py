"""Up to which run of a check triggers were told that it is red; kept as cursors, which never go back."""

from functools import partial

from ompycord.domain.base import Millis
from ompycord.store.database import StorePart
from ompycord.store.features.projection import cursor, put_cursor

__all__ = ["SqliteSeenFailures"]


class SqliteSeenFailures(StorePart):
    """Implements `SeenFailures`."""

    async def seen_upto(self, name: str) -> Millis:
        return await self._database.readers.read(partial(cursor, name=name))

    async def mark_seen(self, name: str, at: Millis) -> None:
        await self._database.writer.submit(partial(put_cursor, name=name, position=at))
