"""Who holds one of `limits.parallel_runs`: runs at work do, a run whose agent only waits for a person does not.

`Slots` is the table, `SlotKeeper` the task that keeps it true. Counterparts: `driver.py`, which starts runs where a
slot is free, and `inbox/`, which hands an answer out only once its run has a slot again. Nothing of it is stored:
after a restart agents start again, a slot each, and ask again.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from ompycord.conductor.bus import Bus
from ompycord.conductor.run_access import RunStore
from ompycord.conductor.snapshots import FoldedRun, Snapshots
from ompycord.conductor.transitions import Transitions
from ompycord.domain import events as ev
from ompycord.domain.authority import SourceKind
from ompycord.domain.base import Millis
from ompycord.domain.catalog import Limits
from ompycord.domain.ids import OMPYCORD, RunId, Source
from ompycord.domain.ports import Clock, RunFilter
from ompycord.domain.refs import Ref, RefKind
from ompycord.domain.run import RunKind, RunRecord, RunState, SuspendReason
from ompycord.domain.stages import agent_states
from ompycord.errors import Refused, StorageError
from ompycord.telemetry import get_logger

__all__ = ["SILENT_S", "SlotKeeper", "SlotUse", "Slots", "is_only_waiting"]

POLL_S = 5.0
"""Seconds between two checks of all runs, for what no event announces."""
IDLE_S = 30.0
"""The same while none is at work or waits: that one begins is announced."""
SILENT_S = 30.0
"""Seconds without an event of the agent, after which a run with an open request only waits."""
RUNS_LOOKED_AT = 1000

AGENT_STATES = agent_states()

log = get_logger(__name__)


def _nothing() -> None:
    return


def is_only_waiting(record: RunRecord) -> bool:
    """Whether a run is suspended only since it waits for a person: it goes on by itself once it is answered."""
    machine = record.machine
    return machine is not None and machine.state is RunState.SUSPENDED and machine.reason is SuspendReason.WAITING


@dataclass(frozen=True, slots=True)
class SlotUse:
    """How the slots are used at one moment."""

    total: int = 0
    used: int = 0
    waiting: int = 0
    """Runs that wait for people and hold no slot."""
    returning: int = 0
    """Those of them that were answered and take the next free slot."""

    def with_suspended(self, number: int) -> "SlotUse":
        """With runs that wait for people and whose agent was stopped to make room."""
        return replace(self, waiting=self.waiting + number)


class Slots:
    """The table. Its methods never wait but for `regain`; everything happens on the event loop."""

    def __init__(self, limits: Limits, clock: Clock) -> None:
        self.wake: Callable[[], None] = _nothing
        """Set by the driver: a slot may have become free, or somebody wants one."""
        self._limits = limits
        self._clock = clock
        self._working: dict[RunId, Millis] = {}
        """Runs with a step under way, and since when."""
        self._waiting: dict[RunId, float] = {}
        """Runs that gave their slot back, and since when; the one that waits longest comes first."""
        self._returning: dict[RunId, asyncio.Event] = {}
        """Those of them that want one, in turn."""
        self._resumed: set[RunId] = set()
        """Runs that were suspended while they waited and whose agent is about to start again."""
        self._returned_at: dict[RunId, float] = {}

    @property
    def use(self) -> SlotUse:
        """How the slots are used now."""
        used = sum(run not in self._waiting for run in self._working)
        waiting = len(self._waiting.keys() | self._resumed)
        return SlotUse(self._limits.parallel_runs, used, waiting, len(self._returning) + len(self._resumed))

    @property
    def reserved(self) -> int:
        """Slots that the next free ones are for: answered runs come before all others."""
        return len(self._returning)

    @property
    def busy(self) -> int:
        """Runs with a step under way that hold a slot."""
        return self.use.used

    def started(self, run: RunId) -> None:
        """A step of the run begins."""
        self._working[run] = self._clock.now_ms()
        self._resumed.discard(run)

    def ended(self, run: RunId) -> None:
        """No step of the run is under way."""
        self._working.pop(run, None)
        self.take(run)
        self._returned_at.pop(run, None)

    def started_at(self, run: RunId) -> Millis | None:
        """When the step began that is under way; None where there is none."""
        return self._working.get(run)

    def returned_at(self, run: RunId) -> float:
        """When the run took its slot again; the clock's monotonic seconds."""
        return self._returned_at.get(run, float("-inf"))

    def is_waiting(self, run: RunId) -> bool:
        """Whether the run gave its slot back."""
        return run in self._waiting

    def is_returning(self, run: RunId) -> bool:
        """Whether it was answered and waits for a slot."""
        return run in self._returning or run in self._resumed

    def waiting(self) -> tuple[RunId, ...]:
        """Runs that wait for a person, the one that waits longest first."""
        return tuple(run for run in self._waiting if run not in self._returning)

    def give_back(self, run: RunId) -> None:
        """The run's agent only waits for a person: its slot is free for others."""
        if run in self._working and run not in self._waiting:
            self._waiting[run] = self._clock.monotonic_s()
            self.wake()

    def take(self, run: RunId) -> None:
        """The run works, whether a slot is free or not: its agent went on by itself, or it ended."""
        self._waiting.pop(run, None)
        self._returned_at[run] = self._clock.monotonic_s()
        if (returned := self._returning.pop(run, None)) is not None:
            returned.set()

    def want(self, run: RunId) -> None:
        """The run was answered: it takes the next free slot."""
        if run in self._waiting and run not in self._returning:
            self._returning[run] = asyncio.Event()
            self.wake()

    async def regain(self, run: RunId) -> None:
        """Wait until the run has a slot; at once where it never gave its own back."""
        self.want(run)
        if (returned := self._returning.get(run)) is not None:
            await returned.wait()

    def resumed(self, run: RunId) -> None:
        """The run was suspended while it waited, was answered, and its agent starts again."""
        self._resumed.add(run)

    def grant(self) -> None:
        """Give free slots to answered runs, in turn. For the driver, once it has started what it may."""
        while self._returning and self.busy < self._limits.parallel_runs:
            self.take(next(iter(self._returning)))


@dataclass(slots=True)
class _Seen:
    """What is known of a run with open requests."""

    requests: frozenset[Ref]
    seqs: Mapping[Source, int]
    at: float
    """When its agent was last seen to do something."""


class SlotKeeper:
    """Runs as one task beside the driver.

    A run gives its slot back when its agent asks, or has an open request and does nothing for `SILENT_S`. Beyond
    `limits.most_waiting` live processes that only wait, the run that waits longest is suspended in its session; it is
    resumed once nothing that it asked is open.
    """

    def __init__(
        self,
        *,
        slots: Slots,
        store: RunStore,
        snapshots: Snapshots,
        bus: Bus,
        transitions: Transitions,
        clock: Clock,
        limits: Limits,
        resumes: Callable[[RunRecord], bool],
        changed: Callable[[], None],
    ) -> None:
        """`resumes` tells whether a run's agent can go on in its session; `changed` is called after each decision."""
        self._slots = slots
        self._store = store
        self._snapshots = snapshots
        self._bus = bus
        self._transitions = transitions
        self._clock = clock
        self._limits = limits
        self._resumes = resumes
        self._changed = changed
        self._seen: dict[RunId, _Seen] = {}

    async def run(self) -> None:
        """Check each run that changed, and all of them at intervals, until cancelled."""
        with self._bus.subscribe() as changes:
            runs, pause_s = await self._probe()
            while True:
                for run in runs:
                    await self._check(run)
                await self._suspend_longest()
                runs, pause_s = await changes.take(pause_s), POLL_S
                if not runs:
                    runs, pause_s = await self._probe()

    async def _probe(self) -> tuple[list[RunId], float]:
        """Runs that are at work or wait, and the seconds until they are asked for again."""
        states = AGENT_STATES | {RunState.SUSPENDED}
        which = RunFilter(is_open=True, kind=RunKind.HOSTED, states=states, limit=RUNS_LOOKED_AT)
        try:
            found = await self._store.runs(which)
        except StorageError as error:
            log.warning("slots.wait", cause=str(error))
            return [], POLL_S
        runs = [RunId(one.id) for one in found if one.state in AGENT_STATES or is_only_waiting(one)]
        return runs, POLL_S if runs else IDLE_S

    async def _check(self, run: RunId) -> None:
        try:
            folded = await self._snapshots.folded(run)
            if folded is not None and folded.snapshot.kind is RunKind.HOSTED:
                await self._keep(run, folded)
        except StorageError as error:
            log.warning("slots.wait", run=run, cause=str(error))

    async def _keep(self, run: RunId, folded: FoldedRun) -> None:
        snapshot = folded.snapshot
        if snapshot.state not in AGENT_STATES:
            self._seen.pop(run, None)
            if snapshot.reason is SuspendReason.WAITING and not snapshot.needs_person:
                await self._resume(run)
            return
        now, seqs = self._clock.monotonic_s(), {s: seq for s, seq in folded.last_seqs.items() if s != OMPYCORD}
        if not snapshot.needs_person:
            self._close(run, seqs)
            return
        began = self._slots.started_at(run)
        if began is None:
            return
        requests = {Ref(RefKind.QUESTION, one.ref): one.asked_at for one in snapshot.open_questions}
        requests |= {Ref(RefKind.APPROVAL, one.ref): one.asked_at for one in snapshot.open_approvals}
        known = self._seen.get(run) or _Seen(frozenset(), seqs, now)
        is_new = any(at >= began for ref, at in requests.items() if ref not in known.requests)
        if is_new:
            self._slots.give_back(run)
        elif seqs != known.seqs:
            self._slots.take(run)
        elif now - max(known.at, self._slots.returned_at(run)) >= SILENT_S:
            self._slots.give_back(run)
        at = now if is_new or seqs != known.seqs else known.at
        self._seen[run] = _Seen(frozenset(requests), seqs, at)

    def _close(self, run: RunId, seqs: Mapping[Source, int]) -> None:
        """Nothing of the run is open: a person answered, or its agent went on by itself, as its own events show."""
        known = self._seen.get(run)
        if not self._slots.is_waiting(run):
            self._seen.pop(run, None)
        elif known is not None and known.seqs != seqs:
            self._slots.take(run)
        else:
            self._slots.want(run)

    async def _resume(self, run: RunId) -> None:
        body = ev.RunResumed(by="Ompycord")
        if await self._decide(run, body):
            self._slots.resumed(run)

    async def _suspend_longest(self) -> None:
        """Suspend runs beyond the most that may wait with a live process; first those that lose nothing by it."""
        if len(self._slots.waiting()) <= self._limits.most_waiting:
            return
        try:
            found = [(run, await self._store.run(run)) for run in self._slots.waiting()]
        except StorageError as error:
            log.warning("slots.wait", cause=str(error))
            return
        # one that waits before its push has no process, and takes its request back itself
        records = [(run, record) for run, record in found if record is None or record.state in AGENT_STATES]
        waiting = [run for run, _ in records]
        beyond = max(0, len(waiting) - self._limits.most_waiting)
        in_session = [run for run, record in records if record is not None and self._resumes(record)]
        for run in (*in_session, *(run for run in waiting if run not in in_session))[:beyond]:
            reason = (
                "Others wait for people, too, so its agent was stopped. It goes on in its session once it is answered."
            )
            await self._decide(run, ev.RunStopped(by="Ompycord", reason=reason, cause=SuspendReason.WAITING))

    async def _decide(self, run: RunId, body: ev.EventBody) -> bool:
        try:
            await self._transitions.decide(run, body, kind=SourceKind.OMPYCORD, must_move=True)
        except Refused:
            return False  # it has ended, or a person was faster
        except StorageError as error:
            log.warning("slots.wait", run=run, cause=str(error))
            return False
        self._changed()
        return True
