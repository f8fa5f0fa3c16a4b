"""What every use case does first and last: find the run, ask who may, make the decision row, store the fact.

Counterpart: `conductor.py` and `messages.py`, the use cases; `transitions.py` stores facts that move a run.
"""

from typing import Protocol

from ompycord.domain import events as ev
from ompycord.domain.access import Person, may
from ompycord.domain.authority import SourceKind
from ompycord.domain.ids import OMPYCORD, RunId, short_id
from ompycord.domain.ports import Clock, Decisions, Folds, Ids, Runs
from ompycord.domain.records import Commit, Committed, Decision, NewEvent
from ompycord.domain.run import RunKind, RunRecord
from ompycord.domain.snapshot import StatusSnapshot
from ompycord.errors import Refused

__all__ = ["RunAccess", "RunStore"]

_WHO = {"retry": "a *runner*", "say": "a *runner*"}


class RunStore(Runs, Folds, Decisions, Protocol):
    """What use cases need to know and decide of runs: rows, folds, decisions."""


class RunAccess:
    """Reads and writes for the use cases. Refusals are `Refused`, written for the person."""

    def __init__(self, *, store: RunStore, clock: Clock, ids: Ids) -> None:
        self.store = store
        self.clock = clock
        self.ids = ids

    async def run(self, run: RunId) -> RunRecord:
        """Any run. Raises Refused where there is none."""
        record = await self.store.run(run)
        if record is None:
            raise Refused(f"There is no run {short_id(run)}.")
        return record

    async def hosted(self, run: RunId) -> RunRecord:
        """A run that we drive. Raises Refused for one whose agent runs elsewhere."""
        record = await self.run(run)
        if record.kind is not RunKind.HOSTED:
            raise Refused(f"The agent of {short_id(run)} runs elsewhere; only its owner can do that.")
        return record

    async def snapshot(self, run: RunId) -> StatusSnapshot | None:
        """What is true of a run, as far as the projector has read; None before its first event."""
        folded = (await self.store.folds([run])).get(run)
        return folded.snapshot() if folded and folded.source_states else None

    @staticmethod
    def require(person: Person, action: str, record: RunRecord) -> None:
        """Raises Refused where this person may not do this to this run."""
        if not may(person, action, requester=record.requester):
            who = _WHO.get(action, "its requester or an *approver*")
            raise Refused(f"You may not {action} {short_id(record.id)}: that is for {who}.")

    def decision(self, run: RunId, kind: str, ref: str, action: str, person: Person) -> Decision:
        """A decision row of this moment."""
        return Decision(
            id=self.ids.ulid(), run=run, kind=kind, ref=ref, action=action, by=person.id, by_name=person.name,
            at=self.clock.now_ms(),
        )  # fmt: skip

    async def record(
        self, run: RunId, body: ev.EventBody, *, kind: SourceKind, decision: Decision | None = None
    ) -> Committed:
        """Store a fact that causes no transition, in our lane; once, where it comes with a decision."""
        event = NewEvent(run=run, source=OMPYCORD, kind=kind, at=self.clock.now_ms(), body=body, id=self.ids.ulid())
        return await self.store.commit(Commit(writes=(*((decision,) if decision else ()), event)))
