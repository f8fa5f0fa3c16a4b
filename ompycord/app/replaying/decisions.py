"""Decides in a run that is played again as people did in the recorded one: the same answers, in the same order."""

from collections.abc import Sequence
from typing import Final, TypeVar

from ompycord.app.wiring.parts import Areas
from ompycord.conductor.snapshots import LoadedRun
from ompycord.domain.access import Person, Role
from ompycord.domain.events import EventBody
from ompycord.domain.events.people import ApprovalDenied, ApprovalGranted, QuestionAnswered
from ompycord.domain.events.plans import PlanApproved, PlanChanged, PlanRejected
from ompycord.domain.run import RunState
from ompycord.errors import RefusedInWords

__all__ = ["RecordedDecisions"]

PERSON: Final = Person(id="", name="the tape", role=Role.ADMIN)
BodyT = TypeVar("BodyT", bound=EventBody)


class RecordedDecisions:
    """Those that are left."""

    def __init__(self, areas: Areas, bodies: Sequence[EventBody]) -> None:
        self._areas = areas
        self._left = list(bodies)
        self._done: set[str] = set()

    async def decide(self, loaded: LoadedRun) -> None:
        """Decide all that is open now. Raises RefusedInWords where the recorded run has no such decision left."""
        snapshot = loaded.snapshot
        if snapshot is None:
            return
        for question in snapshot.questions:
            if question.status == "open" and self._is_new(question.ref):
                answered = self._take(QuestionAnswered, "a question")
                await self._areas.approvals.answer(loaded, question.ref, answered.answer, PERSON)
        for approval in snapshot.approvals:
            if approval.status == "open" and self._is_new(approval.ref):
                await self._approval(loaded, approval.ref)
        is_waiting = snapshot.state is RunState.AWAITING_APPROVAL
        if is_waiting and snapshot.proposal is not None and self._is_new(snapshot.proposal.ref):
            await self._plan(loaded)

    def _is_new(self, ref: str) -> bool:
        is_new = ref not in self._done
        self._done.add(ref)
        return is_new

    async def _approval(self, loaded: LoadedRun, ref: str) -> None:
        decided = self._take((ApprovalGranted, ApprovalDenied), "an approval")
        if isinstance(decided, ApprovalGranted):
            await self._areas.approvals.approve(loaded, ref, PERSON, scope=decided.scope)
        else:
            await self._areas.approvals.deny(loaded, ref, PERSON, reason=decided.reason)

    async def _plan(self, loaded: LoadedRun) -> None:
        decided = self._take((PlanApproved, PlanChanged, PlanRejected), "a decision on its plan")
        match decided:
            case PlanApproved():
                await self._areas.plans.approve(loaded, PERSON)
            case PlanChanged():
                await self._areas.plans.change(loaded, decided.words, PERSON)
            case PlanRejected():
                await self._areas.plans.reject(loaded, PERSON, reason=decided.reason)

    def _take(self, kinds: type[BodyT] | tuple[type[BodyT], ...], what: str) -> BodyT:
        found = next((one for one in self._left if isinstance(one, kinds)), None)
        if found is None:
            raise RefusedInWords(f"The agent waits for {what}, which the recorded run did not. It was stopped.")
        self._left.remove(found)
        return found
