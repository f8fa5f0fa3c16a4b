"""What every use case does first and last: find the run, authorize, make the decision row, store the fact.

Counterpart: `runs.py`, `messages.py`, `approvals.py` and `budgets.py`, the use cases; `transitions.py` stores facts
that move a run.
"""

from collections.abc import Sequence
from typing import Protocol

from ompycord.domain import events as ev
from ompycord.domain.access import Person
from ompycord.domain.authority import SourceKind
from ompycord.domain.base import Frozen
from ompycord.domain.ids import OMPYCORD, RunId, short_id
from ompycord.domain.policy import Circumstances, Denied, authorize, resource_of
from ompycord.domain.ports import Clock, Decisions, Ids, RunFilter, RunRecords
from ompycord.domain.records import Commit, Committed, Decision, NewEvent
from ompycord.domain.refusals import RefusalCode
from ompycord.domain.risk.deciders import DecisionRule
from ompycord.domain.run import RunKind, RunRecord
from ompycord.domain.stages import agent_states
from ompycord.errors import Refused

__all__ = ["RunAccess", "RunStore", "require_hosted"]

RUNS_AT_WORK = 1000
"""More than any machine runs at once."""


class RunStore(RunRecords, Decisions, Protocol):
    """Rows of runs and what is decided about them."""


def require_hosted(record: RunRecord) -> None:
    """Raises Refused for a run whose agent runs elsewhere."""
    if record.kind is not RunKind.HOSTED:
        raise Refused(RefusalCode.RUNS_ELSEWHERE, run=short_id(record.id))


class RunAccess:
    """Reads and writes for the use cases. Refusals are `Refused`."""

    def __init__(self, *, store: RunStore, clock: Clock, ids: Ids) -> None:
        self.store = store
        self.clock = clock
        self.ids = ids

    @staticmethod
    def require(
        person: Person, action: str, record: RunRecord, *, two_person: bool = False, rule: DecisionRule | None = None
    ) -> None:
        """Raises Refused where this person may not do this to this run."""
        context = Circumstances(two_person=two_person, rule=rule)
        denied = authorize(person, action, resource_of(record), context)
        if isinstance(denied, Denied):
            needs = " or ".join(denied.needs)
            raise Refused(denied.code, action=action, run=short_id(record.id), needs=needs)

    def decision(self, run: RunId, kind: str, ref: str, action: str, person: Person) -> Decision:
        """Make a decision row of this moment."""
        return Decision(
            id=self.ids.ulid(), run=run, kind=kind, ref=ref, action=action, by=person.id, by_name=person.name,
            at=self.clock.now_ms(),
        )  # fmt: skip

    async def at_work(self) -> list[RunId]:
        """The hosted runs whose agents are at work. Raises StorageError."""
        which = RunFilter(is_open=True, kind=RunKind.HOSTED, states=agent_states(), limit=RUNS_AT_WORK)
        return [RunId(record.id) for record in await self.store.runs(which)]

    async def record(
        self,
        run: RunId,
        body: ev.EventBody,
        *,
        kind: SourceKind,
        decision: Decision | None = None,
        also: Decision | None = None,
        beside: Sequence[Frozen] = (),
    ) -> Committed:
        """Store a fact that causes no transition, in our own source; once, where it comes with a decision or two.

        `beside`: more writes of the same transaction, which follow from the decision.
        """
        event = NewEvent(run=run, source=OMPYCORD, kind=kind, at=self.clock.now_ms(), body=body, id=self.ids.ulid())
        decided = tuple(one for one in (decision, also) if one is not None)
        return await self.store.commit(Commit(writes=(*decided, event, *beside)))
