"""People's decisions on what an agent asked or changed: answer a question, grant or deny an approval, accept changes.

Counterpart of `inbox.py`, which delivers them. A decision is unique by its row: the second person to decide is shown
who was first (docs/contracts/commands-and-buttons.md, *Decisions happen once*).
"""

from collections.abc import Callable
from typing import Literal

from ompycord.conductor.run_access import RunAccess, require_hosted
from ompycord.conductor.snapshots import LoadedRun
from ompycord.domain import events as ev
from ompycord.domain.access import Person
from ompycord.domain.authority import SourceKind
from ompycord.domain.catalog import Catalog
from ompycord.domain.folds.snapshot import permission_of
from ompycord.domain.ids import RunId, short_id
from ompycord.domain.records import Committed, Decision
from ompycord.domain.refusals import RefusalCode
from ompycord.domain.run import FINAL
from ompycord.errors import Refused

__all__ = ["Approvals"]


class Approvals:
    """The use cases of people whom an agent asked. Each method returns when the fact is on disk."""

    def __init__(self, *, access: RunAccess, catalog: Catalog, wake: Callable[[], None]) -> None:
        self._access = access
        self._catalog = catalog
        self._wake = wake

    async def answer(
        self, loaded: LoadedRun, question: str, answer: str, person: Person, *, also: Decision | None = None
    ) -> Committed:
        """Record a person's answer, once: `Committed.earlier` is the first one when this came second.

        `also` is decided with it: where that was decided before, the answer is not recorded.
        """
        first = await self.earlier_answer(loaded, question, answer, person)
        if first is not None:
            return Committed(fresh=False, earlier=first)
        body = ev.QuestionAnswered(question=question, answer=answer, by=person.name)
        return await self._decide(loaded.run, "question", question, answer, body, person, also=also)

    async def earlier_answer(self, loaded: LoadedRun, question: str, answer: str, person: Person) -> Decision | None:
        """The answer that was given before; None where this one can be given. Raises Refused where it cannot."""
        record, run, snapshot = loaded.record, loaded.run, loaded.snapshot
        self._access.require(person, "answer", record)
        found = snapshot.question(question) if snapshot else None
        if found is None:
            raise Refused(RefusalCode.NO_SUCH_QUESTION, run=short_id(run))
        first = await self._access.store.decision(run, "question", question)
        if first is not None:
            return first
        if found.status != "open" or record.state in FINAL:
            raise Refused(RefusalCode.ANSWER_NOT_NEEDED)
        if not found.free_text and answer not in found.options:
            raise Refused(RefusalCode.NOT_AN_OPTION)
        return None

    async def approve(
        self, loaded: LoadedRun, approval: str, person: Person, *, scope: Literal["once", "run"] = "once"
    ) -> Committed:
        """Permit the agent to act, once or whenever it asks for what `permission_of` it covers; decided once.

        Raises Refused for what cannot be shown whole, and for the run where it is not known to be the whole call.
        """
        self._access.require(person, "approve", loaded.record, two_person=self._catalog.needs_two(loaded.record))
        body = ev.ApprovalGranted(approval=approval, by=person.name, scope=scope)
        action = "Allow once" if scope == "once" else "Allow for this run"
        return await self._decide_approval(loaded, body, action, person)

    async def deny(self, loaded: LoadedRun, approval: str, person: Person, *, reason: str | None = None) -> Committed:
        """Deny permission; the agent reads the reason. Under the two-person rule the requester may deny, too."""
        self._access.require(person, "approve", loaded.record)
        body = ev.ApprovalDenied(approval=approval, by=person.name, reason=reason or None)
        return await self._decide_approval(loaded, body, f"Deny: {reason}" if reason else "Deny", person)

    async def _decide_approval(
        self, loaded: LoadedRun, body: ev.ApprovalGranted | ev.ApprovalDenied, action: str, person: Person
    ) -> Committed:
        record, run, snapshot = loaded.record, loaded.run, loaded.snapshot
        found = next((a for a in snapshot.approvals if a.ref == body.approval), None) if snapshot else None
        if found is None:
            raise Refused(RefusalCode.NO_SUCH_APPROVAL, run=short_id(run))
        first = await self._access.store.decision(run, "approval", body.approval)
        if first is not None:
            return Committed(fresh=False, earlier=first)
        if record.state in FINAL:
            raise Refused(RefusalCode.APPROVAL_OF_ENDED_RUN, run=short_id(run))
        if found.status != "open":
            raise Refused(RefusalCode.APPROVAL_NOT_OPEN)
        if isinstance(body, ev.ApprovalGranted) and not found.whole:
            raise Refused(RefusalCode.APPROVAL_NOT_WHOLE)
        if isinstance(body, ev.ApprovalGranted) and body.scope == "run" and permission_of(found) is None:
            raise Refused(RefusalCode.APPROVAL_ONLY_ONCE)
        return await self._decide(run, "approval", body.approval, action, body, person)

    async def _decide(
        self,
        run: RunId,
        kind: str,
        ref: str,
        action: str,
        body: ev.EventBody,
        person: Person,
        *,
        also: Decision | None = None,
    ) -> Committed:
        decision = self._access.decision(run, kind, ref, action, person)
        committed = await self._access.record(run, body, kind=SourceKind.PERSON, decision=decision, also=also)
        self._wake()
        return committed

    async def accept_changes(self, loaded: LoadedRun, person: Person) -> int:
        """Accept what a run that has ended changed of tests and checks, so that its passing checks verify it.

        How many changes they are; once for each result. Raises Refused where there is nothing to accept.
        """
        record, run, snapshot = loaded.record, loaded.run, loaded.snapshot
        require_hosted(record)
        self._access.require(person, "approve", record, two_person=self._catalog.needs_two(record))
        if snapshot is None or snapshot.commit is None or not snapshot.to_accept:
            raise Refused(RefusalCode.NOTHING_TO_ACCEPT, run=short_id(run))
        decision = self._access.decision(run, "accept", snapshot.commit, f"{snapshot.to_accept} changes", person)
        body = ev.EvidenceAccepted(by=person.name, commit=snapshot.commit, changes=snapshot.to_accept)
        await self._access.record(run, body, kind=SourceKind.PERSON, decision=decision)
        self._wake()
        return snapshot.to_accept
