"""Merges on trial whose ends a test writes, and what finds overlaps by them; the rest is the product's."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from ompycord.conductor import OtherWorks, OverlapWatch, Transitions
from ompycord.conductor.run_access import RunStore
from ompycord.domain.catalog import Catalog
from ompycord.domain.ids import RunId
from ompycord.domain.ports import MergedOnTrial, OpenFollowing, ResultPlace, RunFilter
from ompycord.domain.repository import RepositorySpec
from ompycord.domain.run import RunRecord
from ompycord.errors import StorageError
from ompycord.store import SqliteStore
from tests.support.app_harness import ComposedApp

__all__ = ["OftenBusy", "WrittenMerges", "overlaps_of"]


@dataclass
class WrittenMerges:
    """Results by the run's id; of each pair what the test says, and nothing in common otherwise."""

    collected: dict[str, str] = field(default_factory=dict[str, str])
    ends: dict[frozenset[str], MergedOnTrial] = field(default_factory=dict[frozenset[str], MergedOnTrial])
    """By the two commits."""
    merged: list[frozenset[str]] = field(default_factory=list[frozenset[str]])
    """What was merged, each time."""

    def collect(self, run: str, commit: str) -> None:
        self.collected[run] = commit

    def overlap(self, one: str, other: str, *paths: str, conflict: bool = False) -> None:
        """Of two commits."""
        self.ends[frozenset({one, other})] = MergedOnTrial(both=paths, conflicts=paths if conflict else ())

    async def result(self, run: RunId) -> ResultPlace | None:
        commit = self.collected.get(run)
        return ResultPlace(commit, run) if commit is not None else None

    async def fetch(self, repository: RepositorySpec, pulls: Mapping[int, str]) -> frozenset[int]:
        return frozenset(pulls)

    async def merge(self, repository: RepositorySpec, one: ResultPlace, other: ResultPlace) -> MergedOnTrial | None:
        pair = frozenset({one.commit, other.commit})
        self.merged.append(pair)
        return self.ends.get(pair, MergedOnTrial())


class OftenBusy:
    """A store's runs, which cannot be listed for as many times as a test says."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store
        self.refuses = 0
        self.refused = asyncio.Event()
        self.run = store.run
        self.decision = store.decision
        self.commit = store.commit

    async def runs(self, which: RunFilter) -> list[RunRecord]:
        if self.refuses:
            self.refuses -= 1
            self.refused.set()
            raise StorageError("The database took too long to answer.")
        return await self._store.runs(which)


def overlaps_of(
    app: ComposedApp,
    merges: WrittenMerges,
    forge: OpenFollowing,
    catalog: Catalog | None = None,
    *,
    store: RunStore | None = None,
) -> OverlapWatch:
    """Another one over the same store knows what is stored. `store`: how it reads runs, where not from the app's."""
    runs, store, clock = store or app.store, app.store, app.infrastructure.clock
    works = OtherWorks(store=runs, records=store, snapshots=app.snapshots, merges=merges, forge=forge, clock=clock)
    return OverlapWatch(
        store=runs, snapshots=app.snapshots, transitions=Transitions(store=store, clock=clock, ids=app.ids),
        recorder=app.areas.recorder, bus=app.bus, catalog=catalog or app.catalog, merges=merges, works=works,
        wake=app.infrastructure.wake,
    )  # fmt: skip
