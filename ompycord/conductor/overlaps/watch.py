"""Merges each new result on trial with all other work of its repository, and says on its card what changes the same.

It follows the log behind the projector, so that nothing waits for it. What it found is one event, `overlaps.found`:
read back, it is what it knows of the past, so that a restart says nothing twice.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeVar

from ompycord.conductor.bus import Bus
from ompycord.conductor.event_recorder import EventRecorder
from ompycord.conductor.overlaps.other_work import Candidate, OtherWorks
from ompycord.conductor.run_access import RunStore
from ompycord.conductor.snapshots import Snapshots
from ompycord.conductor.transitions import Transitions
from ompycord.domain.authority import SourceKind
from ompycord.domain.catalog import Catalog
from ompycord.domain.events import OverlappingWork, OverlapsFound, RunResumed
from ompycord.domain.ids import RunId, short_id
from ompycord.domain.ports import RunFilter, TrialMerges
from ompycord.domain.ports.following import MergedOnTrial, ResultPlace
from ompycord.domain.refusals import RefusalCode
from ompycord.domain.repository import RepositorySpec
from ompycord.domain.run import FINAL, RunKind, RunRecord, RunState, SuspendReason
from ompycord.errors import Refused, StorageError, UnknownRun, WorkspaceError
from ompycord.telemetry import get_logger

__all__ = ["OverlapWatch"]

K = TypeVar("K")
V = TypeVar("V")

POLL_S: Final = 60.0
"""Seconds between two looks at nothing: events wake it; pull requests of others tell nothing by events."""
PAUSE_S: Final = 0.5
_KNOWN: Final = 2000
_RUNS: Final = 1000
_SHOWN: Final = 10
_PATHS: Final = 20
_PATH: Final = 1024
_LINE: Final = 500
_BRANCH: Final = 256

log = get_logger(__name__)


class OverlapWatch:
    """Runs as one task for the life of the process."""

    def __init__(
        self,
        *,
        store: RunStore,
        snapshots: Snapshots,
        transitions: Transitions,
        recorder: EventRecorder,
        bus: Bus,
        catalog: Catalog,
        merges: TrialMerges,
        works: OtherWorks,
        wake: Callable[[], None],
    ) -> None:
        self._store = store
        self._snapshots = snapshots
        self._transitions = transitions
        self._recorder = recorder
        self._bus = bus
        self._catalog = catalog
        self._merges = merges
        self._works = works
        self._wake = wake
        self._versions: OrderedDict[str, int | None] = OrderedDict()
        """By run, at which version it was seen; None for one whose agent runs elsewhere."""
        self._merged: OrderedDict[tuple[str, str], MergedOnTrial | None] = OrderedDict()
        self._kept: OrderedDict[str, OverlapsFound] = OrderedDict()
        """What was stored last for a run, which its snapshot may not have yet."""
        self._waiting: set[RunId] = set()
        self._again: tuple[RunId, ...] = ()
        """Runs that moved while the store could not be read or written."""

    async def run(self) -> None:
        """Look at each run that moved, and first at all that are not over, until cancelled."""
        with self._bus.subscribe() as changes:
            runs: list[RunId] = []
            while (found := await self._open()) is None:
                runs += await changes.take(POLL_S)
            runs = [*found, *runs]
            while True:
                await self.check_once(runs)
                await asyncio.sleep(PAUSE_S)
                runs = await changes.take(POLL_S)

    async def check_once(self, runs: Sequence[RunId]) -> None:
        """Compare the results of the repositories of these runs that moved; resume what has waited long enough."""
        looked = tuple(dict.fromkeys((*self._again, *runs)))[-_KNOWN:]
        self._again = ()
        try:
            moved = [record for run in looked if (record := await self._moved(run)) is not None]
            for name in dict.fromkeys(record.repository for record in moved if record.repository):
                ended = [one for one in moved if one.repository == name and one.state in FINAL]
                await self._compare(name, ended)
            await self._resume_waiting()
        except StorageError as error:
            log.warning("overlaps.wait", cause=str(error))
            self._again = looked
            for run in looked:
                self._versions.pop(run, None)

    async def _open(self) -> list[RunId] | None:
        """All that are not over; None while the store cannot be read."""
        try:
            records = await self._store.runs(RunFilter(is_open=True, kind=RunKind.HOSTED, limit=_RUNS))
        except StorageError as error:
            log.warning("overlaps.wait", cause=str(error))
            return None
        return [RunId(record.id) for record in records]

    async def _moved(self, run: RunId) -> RunRecord | None:
        """The run, where it moved since it was seen; what its agent reports moves nothing."""
        if run in self._versions and self._versions[run] is None:
            return None
        record = await self._store.run(run)
        if record is None:
            return None
        version = None if record.kind is RunKind.EXTERNAL else record.version
        is_known = run in self._versions and self._versions[run] == version
        _put(self._versions, run, version)
        if _is_waiting(record):
            self._waiting.add(run)
        return None if is_known or version is None else record

    # -- comparing -------------------------------------------------------------------------------------------------

    async def _compare(self, repository: str, ended: Sequence[RunRecord]) -> None:
        try:
            spec = self._catalog.repository(repository)
        except Refused:
            return  # the settings do not name it any more
        runs = await self._works.runs(repository, ended)
        if not runs:
            return
        pulls = await self._works.pulls(spec, frozenset(one.place.commit for one in runs))
        live = [one for one in runs if one.record is not None and one.record.state not in FINAL]
        for one in runs:
            ended_since = await self._works.ended(one) if one in live else []
            every = (other for other in (*live, *ended_since, *_unlike(pulls, live)) if other.chain != one.chain)
            others = [seen for other in every if (seen := other.seen_from(one)) is not None]
            await self._keep(one, await self._found(spec, one, others))

    async def _found(self, spec: RepositorySpec, one: Candidate, others: Iterable[Candidate]) -> OverlapsFound:
        found: list[OverlappingWork] = []
        for other in others:
            merged = await self._merge(spec, one.place, other.place)
            if merged is not None and (merged.both or merged.conflicts):
                found.append(_overlapping(other, merged))
        found.sort(key=lambda each: not each.conflicts)
        total = len(found) if len(found) > _SHOWN else None
        return OverlapsFound(others=tuple(found[:_SHOWN]), total=total)

    async def _merge(self, spec: RepositorySpec, one: ResultPlace, other: ResultPlace) -> MergedOnTrial | None:
        """Each pair of results is merged once, whoever of them asks."""
        first, second = sorted((one.commit, other.commit))
        if (first, second) not in self._merged:
            try:
                merged = await self._merges.merge(spec, one, other)
            except WorkspaceError as error:
                log.warning("overlaps.not_merged", repository=spec.name, cause=str(error))
                return None
            _put(self._merged, (first, second), merged)
        return self._merged.get((first, second))

    async def _keep(self, one: Candidate, found: OverlapsFound) -> None:
        """Store what was found, where it is not what was said before."""
        assert one.record is not None
        run, snapshot = RunId(one.record.id), one.snapshot
        before = self._kept.get(run)
        if before is None and snapshot is not None:
            others = tuple(each.other for each in snapshot.overlaps)
            total = snapshot.overlaps_total if snapshot.overlaps_total > len(others) else None
            before = OverlapsFound(others=others, total=total)
        known = before or OverlapsFound()
        if known.others == found.others and (known.total or 0) == (found.total or 0):
            return
        try:
            await self._recorder.record(run, found)
        except UnknownRun:  # it was erased meanwhile
            return
        _put(self._kept, run, found)
        log.info("overlaps.found", run=run, others=len(found.others), conflicts=sum(map(_is_conflict, found.others)))

    # -- waiting ---------------------------------------------------------------------------------------------------

    async def _resume_waiting(self) -> None:
        for run in list(self._waiting):
            record = await self._store.run(run)
            if record is None or record.repository is None or not _is_waiting(record):
                self._waiting.discard(run)  # a person resumed or cancelled it
                continue
            snapshot = await self._snapshots.of(run)
            if snapshot is None or snapshot.awaits is None:
                continue  # the projector has not read that far
            try:
                spec = self._catalog.repository(record.repository)
                if await self._works.is_over(spec, snapshot.awaits):
                    await self._resume(run, record)
            except (Refused, UnknownRun):
                continue  # a person was faster, or the settings do not name its repository any more

    async def _resume(self, run: RunId, record: RunRecord) -> None:
        """At the version at which it was seen to wait: who resumed it meanwhile and has it wait again is not undone."""

        async def resumed(now: RunRecord) -> RunResumed:
            if now.version != record.version:
                raise Refused(RefusalCode.MOVED_ON, run=short_id(run), state=now.state.lower())
            return RunResumed(by="Ompycord")

        await self._transitions.decide(run, resumed, kind=SourceKind.OMPYCORD, must_move=True, known=record)
        self._waiting.discard(run)
        self._wake()


def _is_waiting(record: RunRecord) -> bool:
    is_suspended = record.state is RunState.SUSPENDED and record.machine is not None
    return is_suspended and record.machine is not None and record.machine.reason is SuspendReason.OVERLAP


def _unlike(pulls: Sequence[Candidate], live: Sequence[Candidate]) -> list[Candidate]:
    """Pull requests whose chain has no run with a newer result."""
    chains = {one.chain for one in live}
    return [one for one in pulls if not one.chain or one.chain not in chains]


def _is_conflict(other: OverlappingWork) -> bool:
    return bool(other.conflicts)


def _overlapping(other: Candidate, merged: MergedOnTrial) -> OverlappingWork:
    branch = other.branch if other.branch is not None and len(other.branch) <= _BRANCH else None
    return OverlappingWork(
        work=other.work,
        who=other.who,
        title=" ".join(other.title.split())[:_LINE],
        files=_paths(merged.both or merged.conflicts),
        files_total=len(merged.both or merged.conflicts),
        conflicts=_paths(merged.conflicts),
        branch=branch,
    )


def _paths(found: Sequence[str]) -> tuple[str, ...]:
    return tuple(path[:_PATH] for path in found[:_PATHS])


def _put(kept: OrderedDict[K, V], key: K, value: V) -> None:
    """Keep it; the oldest goes where there are too many."""
    kept[key] = value
    kept.move_to_end(key)
    while len(kept) > _KNOWN:
        kept.popitem(last=False)
