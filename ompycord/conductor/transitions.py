"""One decision about a hosted run: read, `advance`, commit it all at once; repeated when the row has moved in between.

docs/contracts/ingestion.md, *Decisions*: decision row, event, transition and outbox in one transaction before the
reply.
"""

from collections.abc import Awaitable, Callable

from ompycord.conductor.deliveries import deliveries
from ompycord.conductor.run_access import RunStore
from ompycord.domain import events as ev
from ompycord.domain.authority import SourceKind
from ompycord.domain.base import Frozen
from ompycord.domain.effects import effect_key
from ompycord.domain.ids import OMPYCORD, RunId, short_id
from ompycord.domain.lifecycle import TransitionOutcome, advance
from ompycord.domain.policy import require_authority
from ompycord.domain.ports import Clock, Ids
from ompycord.domain.records import Commit, Committed, Decision, EffectRow, EffectUpdate, KeysEnd, NewEvent, Transition
from ompycord.domain.refusals import RefusalCode
from ompycord.domain.run import FINAL, RunRecord
from ompycord.domain.stages import agent_states
from ompycord.errors import Refused, UnknownRun, VersionConflict
from ompycord.telemetry import get_logger

__all__ = ["EventFactory", "Transitions"]

EventFactory = Callable[[RunRecord], Awaitable[ev.EventBody]]
"""Makes the fact for the run as it is now. May raise Refused; then nothing is stored."""

log = get_logger(__name__)

_AGENT_STATES = agent_states()
MAX_TRIES = 20
"""A run has a handful of writers; more conflicts in a row than this are a defect, not contention."""


class Transitions:
    """The only way to move a hosted run."""

    def __init__(self, *, store: RunStore, clock: Clock, ids: Ids) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids

    async def decide(
        self,
        run: RunId,
        body: ev.EventBody | EventFactory,
        *,
        kind: SourceKind,
        decision: Decision | None = None,
        journal: EffectUpdate | None = None,
        is_guarded: bool = False,
        must_move: bool = False,
        known: RunRecord | None = None,
    ) -> tuple[Committed, TransitionOutcome]:
        """Apply one fact. Without a transition the fact (and the journal's line) is stored all the same.

        A fact that depends on the run is made again on each try. `is_guarded`: the run must not have moved since it was
        read, also where the fact moves nothing. `must_move`: Refused instead of a fact that came too late to mean
        anything. `known`: the run as the caller read it a moment ago, which spares the first read where the fact moves
        it; a run that has moved since then is read again. Raises UnknownRun, NotYours, StorageError, and what making
        the fact raises; VersionConflict only after MAX_TRIES.
        """
        is_known = known is not None
        for attempt in range(1, MAX_TRIES + 1):
            record, known = known or await self._store.run(run), None
            if record is None or record.machine is None:
                raise UnknownRun(f"no hosted run {run[-6:].lower()}")
            fact = await body(record) if callable(body) else body
            require_authority(fact.type, kind)
            outcome = advance(record.machine, fact)
            if is_known and attempt == 1 and not outcome.is_change and not is_guarded:
                continue  # it may have moved since: what is stored decides that nothing changes
            if must_move and not outcome.is_change:
                raise Refused(RefusalCode.MOVED_ON, run=short_id(run), state=record.state.lower())
            commit = self.commit_of(record, fact, kind=kind, outcome=outcome, decision=decision, journal=journal)
            if is_guarded and not outcome.is_change:
                stays = Transition(run=run, expect_version=record.version, machine=record.machine)
                commit = Commit(writes=(*commit.writes, stays))
            try:
                committed = await self._store.commit(commit)
            except VersionConflict:
                if attempt == MAX_TRIES:
                    raise
                continue
            if committed.fresh:
                _log_transition(run, fact, outcome, journal)
            return committed, outcome
        raise AssertionError("unreachable")

    async def stop_agent(self, run: RunId, stopped: ev.RunStopped) -> bool:
        """Pause a run of ours while an agent works, by its record: what was folded may be behind.

        Returns whether that was done. Raises StorageError.
        """

        async def while_it_works(now: RunRecord) -> ev.EventBody:
            if now.state not in _AGENT_STATES:
                raise Refused(RefusalCode.MOVED_ON, run=short_id(run), state=now.state.lower())
            return stopped

        try:
            await self.decide(run, while_it_works, kind=SourceKind.OMPYCORD, must_move=True)
        except Refused:
            return False  # it has ended or was stopped since then
        return True

    def commit_of(
        self,
        record: RunRecord,
        body: ev.EventBody,
        *,
        kind: SourceKind,
        outcome: TransitionOutcome,
        decision: Decision | None = None,
        journal: EffectUpdate | None = None,
    ) -> Commit:
        """The transaction for one fact and what was decided on it."""
        run, now = RunId(record.id), self._clock.now_ms()
        writes: list[Frozen | NewEvent] = [] if decision is None else [decision]
        if outcome.is_change:
            writes.append(Transition(run=run, expect_version=record.version, machine=outcome.machine))
            if outcome.machine.state in FINAL:
                writes.append(KeysEnd(run=run))
        for fact in (body, *outcome.events):
            by = kind if fact is body else SourceKind.OMPYCORD
            writes.append(NewEvent(run=run, source=OMPYCORD, kind=by, at=now, body=fact, id=self._ids.ulid()))
            writes += deliveries(run, fact, kind=record.kind, channel=record.channel, at=now)
        for effect in outcome.effects:
            writes.append(EffectRow(run=run, key=effect_key(effect), effect=effect, created_at=now))
        if journal is not None:
            writes.append(journal)
        return Commit(writes=tuple(writes))


def _log_transition(run: RunId, fact: ev.EventBody, outcome: TransitionOutcome, journal: EffectUpdate | None) -> None:
    """Log one record per transition, whatever caused it: the journal's line where there is one, else the fact."""
    for moved in outcome.events:
        cause = fact.type if journal is None else journal.key
        log.info("run.state", run=run, cause=cause, **{"from": moved.previous, "to": moved.state})
