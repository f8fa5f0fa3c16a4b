"""Snapshots of runs, folded once for all who ask: live cards, boards, streams, tools, people's clicks.

Counterpart: `projector.py`, which publishes each change here before `bus.py` announces it.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ompycord.domain.folds.fold import RunFold
from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.ids import RunId, Source
from ompycord.domain.ports import DumpedFold, Folds
from ompycord.domain.run import RunRecord
from ompycord.errors import ArchiveUnreadable
from ompycord.telemetry import get_logger

__all__ = ["FoldedRun", "LoadedRun", "ReadFolds", "Snapshots", "readable_folds"]

KEPT = 256
"""Runs whose last change is kept; another run is read from the store."""

log = get_logger(__name__)


class FoldedRun(NamedTuple):
    """A run's snapshot and how much of the log is in it."""

    snapshot: StatusSnapshot
    position: int
    """Up to which event the snapshot knows."""
    last_seqs: Mapping[Source, int]
    """The last number of each source."""


@dataclass(frozen=True, slots=True)
class LoadedRun:
    """A run's row and snapshot, read once for one request."""

    record: RunRecord
    snapshot: StatusSnapshot | None
    """None before its first event is projected."""

    @property
    def run(self) -> RunId:
        return RunId(self.record.id)

    @property
    def title(self) -> str:
        """Its short title, else what was asked; empty before its first event."""
        return (self.snapshot.title or self.snapshot.prompt) if self.snapshot else ""

    @property
    def branch(self) -> str | None:
        """The branch that holds what it published; None while it has published nothing."""
        return self.snapshot.branch if self.snapshot else None


class ReadFolds(NamedTuple):
    """What could be read of some runs."""

    folds: Mapping[RunId, RunFold]
    unreadable: Mapping[RunId, ArchiveUnreadable]
    """Those whose events are in a file that is gone or damaged."""


async def readable_folds(store: Folds, runs: Sequence[RunId]) -> ReadFolds:
    """The folds of runs, without those whose events are in a file that cannot be read. Raises StorageError."""
    try:
        return ReadFolds(await store.folds(runs), {})
    except ArchiveUnreadable:
        folds: dict[RunId, RunFold] = {}
        unreadable: dict[RunId, ArchiveUnreadable] = {}
        for run in runs:
            try:
                folds |= await store.folds([run])
            except ArchiveUnreadable as error:
                unreadable[run] = error
        for run, error in unreadable.items():
            log.warning("archive.unreadable", run=run, month=error.month)
        return ReadFolds(folds, unreadable)


class _Published:
    """One change of one run. It is folded once, on demand and off the loop: a large fold takes milliseconds."""

    def __init__(self, dump: bytes) -> None:
        self._dump = dump
        self._lock = asyncio.Lock()
        self._folded: FoldedRun | None = None

    async def folded(self) -> FoldedRun | None:
        async with self._lock:
            if self._folded is None and self._dump:
                self._folded = await asyncio.to_thread(_load, self._dump)
                self._dump = b""
        return self._folded


class Snapshots:
    """Reads snapshots for all callers.

    Only what the projector published is kept, so nothing kept is ever older than the store.
    """

    def __init__(self, *, store: Folds, kept: int = KEPT) -> None:
        self._store = store
        self._kept = kept
        self._published: OrderedDict[RunId, _Published] = OrderedDict()
        self._unreadable: OrderedDict[RunId, ArchiveUnreadable] = OrderedDict()

    def publish(self, folds: Iterable[DumpedFold]) -> None:
        """Take in what was just committed. For the projector alone."""
        for fold in folds:
            self._published[fold.run] = _Published(fold.dump)
            self._published.move_to_end(fold.run)
        while len(self._published) > self._kept:
            self._published.popitem(last=False)

    def forget(self, runs: Iterable[RunId]) -> None:
        """Their log is another one now, since a person was taken out of it: they are read again."""
        for run in runs:
            self._published.pop(run, None)

    def require_readable(self, run: RunId) -> None:
        """Raises ArchiveUnreadable for one that `folded_of` left out since its file cannot be read."""
        if run in self._unreadable:
            raise self._unreadable[run]

    async def of(self, run: RunId) -> StatusSnapshot | None:
        """What is true of a run, as far as the projector has read; None before its first event.

        Raises StorageError; ArchiveUnreadable where its file cannot be read.
        """
        folded = await self.folded(run)
        return folded.snapshot if folded else None

    async def load(self, record: RunRecord) -> LoadedRun:
        """A run that was already found, with its snapshot."""
        return LoadedRun(record, await self.of(RunId(record.id)))

    async def folded(self, run: RunId) -> FoldedRun | None:
        """The run's snapshot with its position. Raises StorageError; ArchiveUnreadable."""
        found = (await self.folded_of([run])).get(run)
        if found is None:
            self.require_readable(run)
        return found

    async def folded_of(self, runs: Sequence[RunId]) -> dict[RunId, FoldedRun]:
        """The snapshots of those runs that have an event, in the order asked for.

        They are read at once, since there can be many; those whose file cannot be read are left out.
        """
        known = {run: self._published[run] for run in runs if run in self._published}
        missing = [run for run in runs if run not in known]
        stored = await self._read(missing)
        found: dict[RunId, FoldedRun] = {}
        for run in runs:
            fold = stored.get(run)
            folded = await known[run].folded() if run in known else _read(fold) if fold is not None else None
            if folded is not None:
                found[run] = folded
        return found

    async def _read(self, runs: Sequence[RunId]) -> Mapping[RunId, RunFold]:
        if not runs:
            return {}
        read = await readable_folds(self._store, runs)
        for run in read.folds:
            self._unreadable.pop(run, None)
        self._unreadable.update(read.unreadable)
        while len(self._unreadable) > self._kept:
            self._unreadable.popitem(last=False)
        return read.folds


def _load(dump: bytes) -> FoldedRun | None:
    return _read(RunFold.load(dump))


def _read(fold: RunFold) -> FoldedRun | None:
    if not fold.source_states:
        return None
    last_seqs = {source: state.last_seq for source, state in fold.source_states.items()}
    return FoldedRun(fold.snapshot(), fold.position, last_seqs)
