"""What people decide about a plan: approve it, have it changed, reject it. Each plan of a run is decided once.

Counterparts: `domain/transitions/plan_decisions.py`, what follows, and the surfaces that ask. A typed message never
decides one: it goes to the agent.
"""

from collections.abc import Callable

from ompycord.conductor.run_access import RunAccess, require_hosted
from ompycord.conductor.snapshots import LoadedRun
from ompycord.conductor.transitions import Transitions
from ompycord.domain import events as ev
from ompycord.domain.access import Person
from ompycord.domain.authority import SourceKind
from ompycord.domain.catalog import Catalog
from ompycord.domain.folds.reports import PlanDecision, Proposal
from ompycord.domain.ids import short_id
from ompycord.domain.records import Committed
from ompycord.domain.refusals import RefusalCode
from ompycord.domain.run import RunState
from ompycord.errors import Refused

__all__ = ["MOST_WORDS", "Plans"]

MOST_WORDS = 4000
"""Characters of what a person wants to be different."""
_HASH = 12


class Plans:
    """The use cases. Each method returns when the fact is on disk, and the run has moved."""

    def __init__(
        self, *, access: RunAccess, transitions: Transitions, catalog: Catalog, wake: Callable[[], None]
    ) -> None:
        self._access = access
        self._transitions = transitions
        self._catalog = catalog
        self._wake = wake

    async def approve(self, loaded: LoadedRun, person: Person, *, plan: str | None = None) -> Committed:
        """Let the work begin by the plan. `plan` is the hash of what the person read, or its beginning.

        `Committed.earlier` is the first decision where this one came second. Raises Refused.
        """
        two_person = self._catalog.needs_two(loaded.record)
        self._access.require(person, "approve", loaded.record, two_person=two_person)
        found = self.open_plan(loaded, plan)
        return await self._decide(loaded, found, ev.PlanApproved(plan=found.hash, by=person.name), "Approve", person)

    async def change(self, loaded: LoadedRun, words: str, person: Person, *, plan: str | None = None) -> Committed:
        """Send the plan back to the agent that made it, with what is to be different."""
        self._access.require(person, "approve", loaded.record)
        found, words = self.open_plan(loaded, plan), words.strip()
        if not words:
            raise Refused(RefusalCode.MESSAGE_EMPTY)
        if len(words) > MOST_WORDS:
            raise Refused(RefusalCode.MESSAGE_TOO_LONG, length=len(words), limit=MOST_WORDS)
        body = ev.PlanChanged(plan=found.hash, by=person.name, words=words)
        return await self._decide(loaded, found, body, f"Change: {words}"[:MOST_WORDS], person)

    async def reject(
        self, loaded: LoadedRun, person: Person, *, reason: str | None = None, plan: str | None = None
    ) -> Committed:
        """Cancel the run. Under the two-person rule its requester may do so, too."""
        self._access.require(person, "approve", loaded.record)
        found = self.open_plan(loaded, plan)
        body = ev.PlanRejected(plan=found.hash, by=person.name, reason=(reason or "").strip()[:500] or None)
        return await self._decide(loaded, found, body, f"Reject: {reason}" if reason else "Reject", person)

    @staticmethod
    def open_plan(loaded: LoadedRun, plan: str | None = None) -> Proposal:
        """The plan that waits for a decision. Raises Refused where there is none, or another one by now."""
        require_hosted(loaded.record)
        found = loaded.snapshot.proposal if loaded.snapshot is not None else None
        if found is None:
            raise Refused(RefusalCode.NO_SUCH_PLAN, run=short_id(loaded.run))
        if plan is not None and not found.hash.startswith(plan.lower()):
            raise Refused(RefusalCode.PLAN_REPLACED, run=short_id(loaded.run))
        return found

    async def _decide(
        self, loaded: LoadedRun, found: Proposal, body: PlanDecision, action: str, person: Person
    ) -> Committed:
        run = loaded.run
        first = await self._access.store.decision(run, "plan", found.ref)
        if first is not None:
            return Committed(fresh=False, earlier=first)
        machine = loaded.record.machine  # which may know more than the snapshot: a plan is posted before it is folded
        waits = machine is not None and RunState.AWAITING_APPROVAL in {machine.state, machine.resume_to}
        if machine is None or not waits or machine.plan != found.hash:
            raise Refused(RefusalCode.PLAN_NOT_OPEN, run=short_id(run))
        words = f"{action} (plan {found.hash[:_HASH]})" if len(action) <= MOST_WORDS - 40 else action
        decision = self._access.decision(run, "plan", found.ref, words, person)
        committed, _ = await self._transitions.decide(
            run, body, kind=SourceKind.PERSON, decision=decision, must_move=True, known=loaded.record
        )
        self._wake()
        return committed
