"""Merges on trial whose ends a test writes, and what finds overlaps by them; the rest is the product's."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ompycord.conductor import OtherWorks, OverlapWatch, Transitions
from ompycord.domain.catalog import Catalog
from ompycord.domain.ids import RunId
from ompycord.domain.ports import MergedOnTrial, OpenFollowing, ResultPlace
from ompycord.domain.repository import RepositorySpec
from tests.support.app_harness import ComposedApp

__all__ = ["WrittenMerges", "overlaps_of"]


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


def overlaps_of(
    app: ComposedApp, merges: WrittenMerges, forge: OpenFollowing, catalog: Catalog | None = None
) -> OverlapWatch:
    """Another one over the same store knows what is stored."""
    store, clock = app.store, app.infrastructure.clock
    works = OtherWorks(store=store, records=store, snapshots=app.snapshots, merges=merges, forge=forge, clock=clock)
    return OverlapWatch(
        store=store, snapshots=app.snapshots, transitions=Transitions(store=store, clock=clock, ids=app.ids),
        recorder=app.areas.recorder, bus=app.bus, catalog=catalog or app.catalog, merges=merges, works=works,
        wake=app.infrastructure.wake,
    )  # fmt: skip
