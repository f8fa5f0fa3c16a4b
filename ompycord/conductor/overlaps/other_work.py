"""What a result of a repository is merged with on trial: results of runs that are not over, open pull requests."""

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Final, NamedTuple

from ompycord.conductor.run_access import RunStore
from ompycord.conductor.snapshots import Snapshots
from ompycord.domain.events import OtherWork
from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.ids import RunId
from ompycord.domain.ports import Clock, OpenFollowing, PullRequestRecords, RunFilter, TrialMerges
from ompycord.domain.ports.following import ResultPlace
from ompycord.domain.pull_requests.seen import SeenPull
from ompycord.domain.repository import RepositorySpec
from ompycord.domain.run import RunKind, RunRecord
from ompycord.errors import ForgeFailed
from ompycord.telemetry import get_logger

__all__ = ["Candidate", "OtherWorks"]

MOST_RUNS: Final = 50
MOST_PULLS: Final = 30
"""The last changed ones."""
_FRESH_S: Final = 600.0
"""For how long the open pull requests are known; a result that is new has them asked for again."""

log = get_logger(__name__)


class Candidate(NamedTuple):
    """Work that is not over."""

    work: OtherWork
    chain: str
    """The first run of its chain; empty for a pull request that is not ours."""
    place: ResultPlace
    who: str | None = None
    title: str = ""
    branch: str | None = None
    guild: str | None = None
    """The server of its runs; None for what belongs to none, such as a pull request that is not ours."""
    record: RunRecord | None = None
    snapshot: StatusSnapshot | None = None

    def seen_from(self, other: "Candidate") -> "Candidate | None":
        """It as a run of another place may name it: of another server's run nothing, and of its pull request what the
        forge shows to everybody who reads the repository there.
        """
        if self.guild is None or self.guild == other.guild:
            return self
        return None if self.record is not None else self._replace(who=None, title=self.branch or "")


class _Listed(NamedTuple):
    at_s: float
    commits: frozenset[str]
    """The results for which they were listed."""
    every: Mapping[int, SeenPull]
    """All that are open."""
    pulls: Mapping[int, SeenPull]
    """Those of them with which results are merged."""
    here: frozenset[int]


class OtherWorks:
    """One for all repositories."""

    def __init__(
        self,
        *,
        store: RunStore,
        records: PullRequestRecords,
        snapshots: Snapshots,
        merges: TrialMerges,
        forge: OpenFollowing,
        clock: Clock,
    ) -> None:
        self._store = store
        self._records = records
        self._snapshots = snapshots
        self._merges = merges
        self._forge = forge
        self._clock = clock
        self._listed: dict[str, _Listed] = {}

    async def runs(self, repository: str, ended: Sequence[RunRecord]) -> list[Candidate]:
        """Runs that have a result: those that are not over, and `ended`, which are over just now."""
        which = RunFilter(is_open=True, kind=RunKind.HOSTED, repository=repository, limit=MOST_RUNS)
        records = {record.id: record for record in (*await self._store.runs(which), *ended)}
        places = {run: await self._merges.result(RunId(run)) for run in records}
        folds = await self._snapshots.folded_of([RunId(run) for run, place in places.items() if place is not None])
        return [
            _candidate(records[run], place, folded.snapshot)
            for run, place in places.items()
            if place is not None and (folded := folds.get(RunId(run))) is not None
        ]

    async def ended(self, one: Candidate) -> list[Candidate]:
        """Runs that were found beside this one and have ended since: their results are on branches of their own."""
        found: list[Candidate] = []
        overlaps = one.snapshot.overlaps if one.snapshot is not None else ()
        for run in (RunId(each.other.work.run) for each in overlaps if each.other.work.run is not None):
            record, place = await self._store.run(run), await self._merges.result(run)
            snapshot = await self._snapshots.of(run)
            if record is None or place is None or snapshot is None or not snapshot.is_final or snapshot.branch is None:
                continue
            if snapshot.pull_request_now is None:  # else its pull request is what is open, or it is over
                found.append(_candidate(record, place, snapshot))
        return found

    async def pulls(self, spec: RepositorySpec, commits: frozenset[str]) -> list[Candidate]:
        """Open pull requests whose heads are here. One of ours names who asked for it."""
        listed = await self._list(spec, commits)
        if listed is None:
            return []
        ours = {one.number: one for one in await self._records.pull_requests() if one.repository == spec.name}
        found: list[Candidate] = []
        for number in sorted(listed.here):
            pull, record = listed.pulls[number], ours.get(number)
            first = await self._snapshots.of(RunId(record.chain)) if record is not None else None
            run = await self._store.run(RunId(record.chain)) if record is not None else None
            found.append(
                Candidate(
                    work=OtherWork(pull_request=number),
                    chain=record.chain if record is not None else "",
                    place=ResultPlace(pull.commit),
                    who=_who(first) if first is not None else None,
                    title=first.title if first is not None else pull.branch,
                    branch=pull.branch if first is not None else None,
                    guild=run.guild if run is not None else None,
                )
            )
        return found

    async def is_over(self, spec: RepositorySpec, work: OtherWork) -> bool:
        """Whether nothing of it is to come: its run ended without an open pull request, or that is not open."""
        if work.run is not None:
            snapshot = await self._snapshots.of(RunId(work.run))
            proposed = snapshot.pull_request_now if snapshot is not None else None
            return snapshot is None or (snapshot.is_final and (proposed is None or proposed.state != "open"))
        number = work.pull_request or 0
        record = await self._records.pull_request(spec.name, number)
        if record is not None:
            return not record.is_open
        listed = await self._list(spec, frozenset())
        return listed is not None and number not in listed.every

    async def _list(self, spec: RepositorySpec, commits: frozenset[str]) -> _Listed | None:
        """What is open there now, or was a while ago; None where there is no forge, or it never answered."""
        known = self._listed.get(spec.name)
        is_fresh = known is not None and self._clock.monotonic_s() - known.at_s < _FRESH_S
        if spec.forge is None or (known is not None and is_fresh and commits <= known.commits):
            return known
        try:
            async with self._forge(spec.forge) as forge:
                every = await forge.open_pulls()
            pulls = dict(islice(every.items(), MOST_PULLS))
            here = await self._merges.fetch(spec, {number: pull.commit for number, pull in pulls.items()})
        except ForgeFailed as error:
            log.warning("overlaps.forge_failed", repository=spec.name, cause=str(error))
            if known is None:
                return None
            every, pulls, here = known.every, known.pulls, known.here
        made = _Listed(self._clock.monotonic_s(), commits, every, pulls, here)
        self._listed[spec.name] = made
        return made


def _candidate(record: RunRecord, place: ResultPlace, snapshot: StatusSnapshot) -> Candidate:
    return Candidate(
        work=OtherWork(run=record.id),
        chain=record.first,
        place=place,
        who=_who(snapshot),
        title=snapshot.title,
        branch=snapshot.branch if snapshot.is_final else None,
        guild=record.guild,
        record=record,
        snapshot=snapshot,
    )


def _who(snapshot: StatusSnapshot) -> str | None:
    return (snapshot.origin.requester_name or "").strip()[:128] or None
