"""Reads the chain of follow-ups to which a run belongs; counterpart of `domain/folds/follow_up.py`, which judges it."""

import asyncio
from collections.abc import Sequence
from typing import Final, Protocol

from ompycord.domain.events import RunEvent
from ompycord.domain.folds.fold import fold
from ompycord.domain.folds.follow_up import ChainRun, Former, before, former_of
from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.ids import RunId
from ompycord.domain.ports import RunChains, RunHistory, RunRecords
from ompycord.domain.run import FINAL, RunRecord

__all__ = ["Lineage", "LineageStore"]


_READ: Final = 10
"""Runs of a chain that are read, the newest of them."""


class LineageStore(RunRecords, RunChains, Protocol):
    """Rows of runs, and of those that follow one another."""


class Lineage:
    """What a run's chain tells. Every method raises StorageError."""

    def __init__(self, *, store: LineageStore, history: RunHistory) -> None:
        self._store = store
        self._history = history

    async def former(self, run: RunId) -> Former | None:
        """What the runs before this one left; None where there is none."""
        record = await self._store.run(run)
        if record is None or record.chain is None:
            return None
        return former_of(await self._read(before(record, await self._store.chain(RunId(record.first)))))

    async def left_by(self, record: RunRecord) -> Former | None:
        """What a run and all others of its chain have left so far: what a new follow-up would start from."""
        return former_of(await self._read(await self._store.chain(RunId(record.first))))

    async def _read(self, records: Sequence[RunRecord]) -> list[ChainRun]:
        """From their logs: a run that has just ended may not be projected yet."""
        ended = [one for one in records if one.state in FINAL][:_READ]
        return [await self._of(one) for one in ended]

    async def _of(self, record: RunRecord) -> ChainRun:
        run = RunId(record.id)
        return ChainRun(
            record=record,
            snapshot=await asyncio.to_thread(_folded, run, await self._history.events_of(run)),
            prepared=await self._history.prepared(run),
            session=await self._history.session(run),
        )


def _folded(run: RunId, events: Sequence[RunEvent]) -> StatusSnapshot:
    return fold(run, events).snapshot()
