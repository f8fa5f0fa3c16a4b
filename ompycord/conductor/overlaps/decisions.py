"""What a person does about other work that changes the same files: go on beside it, wait for it, build on it.

A method returns when the fact is on disk. Refusals are `Refused`. Counterpart: `watch.py`, which finds such work.
"""

import hashlib
from collections.abc import Callable, Iterable

from ompycord.conductor.run_access import RunAccess, require_hosted
from ompycord.conductor.runs import Runs, Submission
from ompycord.conductor.snapshots import LoadedRun
from ompycord.conductor.transitions import Transitions
from ompycord.domain.access import Person
from ompycord.domain.authority import SourceKind
from ompycord.domain.events import OtherWork, OverlapDismissed, OverlappingWork, RunStopped
from ompycord.domain.ids import DraftId, RunId, new_ulid, short_id, ulid_time_ms
from ompycord.domain.policy import Denied, authorize
from ompycord.domain.ports import Tasks
from ompycord.domain.refusals import RefusalCode
from ompycord.domain.run import FINAL, RunRecord, RunState, SuspendReason
from ompycord.domain.task import TaskRequest
from ompycord.errors import Refused

__all__ = ["OverlapDecisions", "work_words"]

_ENTROPY = 10


class OverlapDecisions:
    """One for the process."""

    def __init__(
        self, *, access: RunAccess, transitions: Transitions, runs: Runs, tasks: Tasks, wake: Callable[[], None]
    ) -> None:
        self._access = access
        self._transitions = transitions
        self._runs = runs
        self._tasks = tasks
        self._wake = wake

    async def go_on(self, loaded: LoadedRun, person: Person) -> tuple[OverlappingWork, ...]:
        """Let the run go on beside what was found so far. Raises Refused."""
        others = self._open(loaded, person, "resume")
        run = loaded.run
        await self._access.record(
            run,
            OverlapDismissed(by=person.name, others=others),
            kind=SourceKind.PERSON,
            decision=self._access.decision(run, "go_on", _mark_of(others), "", person),
        )
        self._wake()
        return others

    async def wait(self, loaded: LoadedRun, person: Person) -> OverlappingWork:
        """Stop the run until the first of what was found is over. Raises Refused."""
        other = self._open(loaded, person, "stop")[0]
        run, record = loaded.run, loaded.record
        if record.state is RunState.SUSPENDED:
            raise Refused(RefusalCode.NOT_RUNNING, run=short_id(run))
        stopped = RunStopped(
            by=person.name,
            reason=f"{person.name} has it wait for {work_words(other)}.",
            cause=SuspendReason.OVERLAP,
            awaits=other.work,
        )
        decision = self._access.decision(run, "wait", str(record.version), "", person)
        await self._transitions.decide(
            run, stopped, kind=SourceKind.PERSON, decision=decision, must_move=True, known=record
        )
        self._wake()
        return other

    async def build_on(self, loaded: LoadedRun, person: Person) -> RunRecord:
        """Start the task again on the branch of the first that has one, then cancel this run. Raises Refused.

        Pressed twice, or after a crash in between, it is one new run: its id follows from both.
        """
        require_hosted(loaded.record)
        self._access.require(person, "cancel", loaded.record)
        if isinstance(denied := authorize(person, "new"), Denied):
            raise Refused(denied.code, needs=denied.needs[-1])
        record, snapshot = loaded.record, loaded.snapshot
        found = () if snapshot is None else tuple(one.other for one in snapshot.overlaps)
        other = next((one for one in found if one.branch is not None), None)
        if other is None:
            raise Refused(RefusalCode.NO_BRANCH_TO_BUILD_ON, run=short_id(record.id))
        task = await self._tasks.task(record.task or "")
        if task is None:
            raise Refused(RefusalCode.TASK_MISSING, run=short_id(record.id))
        kept = {name: getattr(task, name) for name in TaskRequest.model_fields}
        wanted = TaskRequest.model_validate({**kept, "branch": other.branch, "follows": None})
        requester = (task.origin.requester, task.origin.requester_name or "") if task.origin.requester else None
        submission = Submission(
            request=wanted, guild=record.guild or "", channel=record.channel or "", requester=requester
        )
        begun = await self._runs.submit(DraftId(_id_of(record, other.work)), submission, person)
        if record.state not in FINAL:
            try:
                await self._runs.cancel(record, person, reason=f"its task starts again on {other.branch}")
            except Refused as refused:
                if refused.code not in {RefusalCode.HAS_ENDED, RefusalCode.MOVED_ON}:
                    raise
        return begun

    def _open(self, loaded: LoadedRun, person: Person, action: str) -> tuple[OverlappingWork, ...]:
        require_hosted(loaded.record)
        self._access.require(person, action, loaded.record)
        others = loaded.snapshot.open_overlaps if loaded.snapshot is not None else ()
        if not others or loaded.record.state in FINAL:
            raise Refused(RefusalCode.NO_OVERLAP, run=short_id(loaded.record.id))
        return others


def work_words(other: OverlappingWork) -> str:
    """What the other work is, for a sentence: `Ada's run 1a2b3c`, `pull request #12`."""
    if other.work.run is None:
        return f"pull request #{other.work.pull_request}" + (f" of {other.who}" if other.who else "")
    whose = f"{other.who}'s run" if other.who else "run"
    return f"{whose} {short_id(other.work.run)}"


def _mark_of(others: Iterable[OverlappingWork]) -> str:
    """Which works were decided about, and how they stood: pressed twice, it is one decision."""
    seeds = (f"{one.work.run} {one.work.pull_request} {bool(one.conflicts)} {one.branch}" for one in others)
    return hashlib.sha256("\n".join(seeds).encode()).hexdigest()[:32]


def _id_of(record: RunRecord, work: OtherWork) -> str:
    """The new run's id: of the moment of the old one, the rest from both."""
    seed = f"{RunId(record.id)} {work.run or ''} {work.pull_request or ''}".encode()
    return new_ulid(now_ms=ulid_time_ms(record.id), entropy=hashlib.sha256(seed).digest()[:_ENTROPY])
