"""Watches what agents do and steps in where one goes in circles.

It follows the log behind the projector, so that nothing waits for it. What it does about a loop is one event,
`guardian.noticed`: the card shows it, the agent reads it by its inbox, and the state machine moves by it. The same
event, read back, is what it knows of the past, so that a restart forgets nothing.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence

from ompycord.conductor.bus import Bus
from ompycord.conductor.guardian.recent_events import RecentEvents
from ompycord.conductor.messages import Messages
from ompycord.conductor.run_access import RunAccess
from ompycord.conductor.transitions import Transitions
from ompycord.domain import events as ev
from ompycord.domain.authority import SourceKind
from ompycord.domain.guardian.escalation import message_to_agent
from ompycord.domain.guardian.options import GuardianOptions
from ompycord.domain.guardian.run_watch import WATCHED_TYPES, RunWatch
from ompycord.domain.guardian.verdicts import LoopVerdict
from ompycord.domain.ids import RunId, short_id
from ompycord.domain.ports import RunHistory
from ompycord.domain.refusals import RefusalCode
from ompycord.domain.run import FINAL, RunKind, RunRecord
from ompycord.domain.stages import agent_states
from ompycord.errors import Refused, StorageError, UnknownRun
from ompycord.telemetry import get_logger

__all__ = ["Guardian"]

POLL_S = 30.0
"""Seconds between two looks at nothing: events wake it."""
PAUSE_S = 0.25
"""Seconds between two passes: nothing about a loop is urgent, and runs with many events are then read at once."""
EVENTS_AT_ONCE = 50
"""Events of one run until others get a turn on the loop."""
RUNS_KEPT = 64
"""Runs whose steps are kept in memory; those of another are read from the log."""

AGENT_STATES = agent_states()

log = get_logger(__name__)


class Guardian:
    """Runs as one task for the life of the process."""

    def __init__(
        self,
        *,
        access: RunAccess,
        transitions: Transitions,
        messages: Messages,
        history: RunHistory,
        recent: RecentEvents,
        bus: Bus,
        options: GuardianOptions,
        wake: Callable[[], None],
    ) -> None:
        self._access = access
        self._transitions = transitions
        self._messages = messages
        self._history = history
        self._recent = recent
        self._bus = bus
        self._options = options
        self._wake = wake
        self._watches: OrderedDict[RunId, RunWatch] = OrderedDict()
        self._awaited: dict[RunId, int] = {}
        """By run, how many notices its log has once the last one of ours is read back."""
        if options.enabled:
            recent.want(WATCHED_TYPES)

    async def run(self) -> None:
        """Look at each run that changed, and first at all that are at work, until cancelled."""
        if not self._options.enabled:
            return
        with self._bus.subscribe() as changes:
            runs = await self._working()
            while True:
                await self.check_once(runs)
                await asyncio.sleep(PAUSE_S)
                runs = await changes.take(POLL_S)

    async def check_once(self, runs: Sequence[RunId]) -> None:
        """Take in what is new of these runs, and step in where one goes in circles."""
        for run in runs:
            await self._check(run)
            await asyncio.sleep(0)

    async def _working(self) -> list[RunId]:
        """Hosted runs whose agents are at work: a loop may have been found before a restart of ours."""
        try:
            return await self._access.at_work()
        except StorageError as error:
            log.warning("guardian.waits", cause=str(error))
            return []

    async def _check(self, run: RunId) -> None:
        """Take in what is new of a run. A database that refuses is asked again with the run's next event."""
        try:
            watch = await self._watch(run)
            if watch is None or watch.verdict is None or watch.notices < self._awaited.get(run, 0):
                return
            record = await self._access.store.run(run)
            if record is not None:
                await self._step_in(run, record, watch, watch.verdict)
        except (Refused, UnknownRun):
            return  # it moved on by itself
        except StorageError as error:
            log.warning("guardian.waits", run=run, cause=str(error))

    async def _watch(self, run: RunId) -> RunWatch | None:
        """What is known of a run up to now; None where it has ended. Of an external run only its present is read."""
        new = self._recent.take(run)
        watch = self._watches.get(run)
        if watch is None:
            record = await self._access.store.run(run)
            if record is None or record.state in FINAL:
                self._awaited.pop(run, None)
                return None
            watch = self._watches[run] = RunWatch(self._options)
            new = await self._history.events_of(run) if record.kind is RunKind.HOSTED else new
        self._watches.move_to_end(run)
        for number, event in enumerate(new, start=1):
            watch.add(event)
            if number % EVENTS_AT_ONCE == 0:
                await asyncio.sleep(0)
        while len(self._watches) > RUNS_KEPT:
            self._watches.popitem(last=False)
        return watch

    async def _step_in(self, run: RunId, record: RunRecord, watch: RunWatch, verdict: LoopVerdict) -> None:
        if record.state in FINAL:
            del self._watches[run]
            self._awaited.pop(run, None)
        elif record.kind is RunKind.EXTERNAL:
            if watch.last_level is None:  # nothing can be done about it, so that once is enough
                await self._access.record(run, self._notice(record, watch, verdict), kind=SourceKind.OMPYCORD)
                self._noticed(run, watch, verdict)
        elif record.state in AGENT_STATES and (record.machine is None or record.machine.claim is None):
            await self._decide(run, record, watch, verdict)

    async def _decide(self, run: RunId, record: RunRecord, watch: RunWatch, verdict: LoopVerdict) -> None:
        """Store the notice at one version of the run. Raises Refused where the agent has ended since."""

        async def notice(now: RunRecord) -> ev.EventBody:
            if now.version != record.version:
                raise Refused(RefusalCode.MOVED_ON, run=short_id(run), state=now.state.lower())
            return self._notice(now, watch, verdict)

        is_nudge = watch.next_level == "nudge"
        await self._transitions.decide(
            run, notice, kind=SourceKind.OMPYCORD, is_guarded=is_nudge, must_move=not is_nudge, known=record
        )
        self._noticed(run, watch, verdict)

    def _notice(self, record: RunRecord, watch: RunWatch, verdict: LoopVerdict) -> ev.GuardianNoticed:
        level = watch.next_level
        can_read = level != "nudge" or self._messages.takes(record)
        return ev.GuardianNoticed(
            level=level,
            kind=verdict.kind,
            evidence=verdict.evidence[:500],
            length=verdict.length,
            to_agent=message_to_agent(verdict, level) if can_read else None,
        )

    def _noticed(self, run: RunId, watch: RunWatch, verdict: LoopVerdict) -> None:
        self._awaited[run] = watch.notices + 1
        log.info("guardian.noticed", run=run, level=watch.next_level, kind=verdict.kind, length=verdict.length)
        self._wake()
