"""Who waits until a run's channel summary is posted, and its address then; part of `live.py`."""

import asyncio
from typing import Protocol

from ompycord.bot.message_renderer import MessageRenderer
from ompycord.domain.ids import RunId
from ompycord.domain.ports import RunRecords, Surfaces
from ompycord.domain.records import OutboxKind

__all__ = ["PostedStore", "PostedSummaries"]


class PostedStore(RunRecords, Surfaces, Protocol):
    """Rows of runs, and where their messages are."""


class PostedSummaries:
    """Commands wait here for the link that they answer with."""

    def __init__(self, store: PostedStore, renderer: MessageRenderer) -> None:
        self._store = store
        self._renderer = renderer
        self._waiting: dict[RunId, asyncio.Event] = {}

    def notify(self, run: RunId) -> None:
        """Note that a run's channel summary is posted."""
        if run in self._waiting:
            self._waiting[run].set()

    async def wait(self, run: RunId, timeout: float) -> str | None:
        """The address of a run's channel summary; None where it is not there after so many seconds.

        Raises StorageError.
        """
        event = self._waiting.setdefault(run, asyncio.Event())
        try:
            summary = await self._store.surface(run, OutboxKind.SUMMARY)
            if summary is None:
                try:
                    async with asyncio.timeout(timeout):
                        await event.wait()
                except TimeoutError:
                    pass
                summary = await self._store.surface(run, OutboxKind.SUMMARY)
        finally:
            self._waiting.pop(run, None)
        if summary is None:
            return None
        record = await self._store.run(run)
        return self._renderer.url(record.guild if record else None, summary.channel, summary.message)
