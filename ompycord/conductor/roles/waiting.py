"""What waits for an agent is given to it only while whoever said or allowed it still may: wanted when it is used.

What is not passed on is a fact in the log, a row of the audit and a remark on the card. Counterpart: `inbox/`, which
asks before it hands anything out.
"""

from collections.abc import Mapping
from typing import Final

from ompycord.conductor.roles.present import PresentRoles
from ompycord.conductor.run_access import RunAccess
from ompycord.conductor.transcript import QueuedMessage, Ref, RefKind, Request, Transcript
from ompycord.domain import events as ev
from ompycord.domain.access import Person, Role
from ompycord.domain.authority import SourceKind
from ompycord.domain.catalog import Catalog
from ompycord.domain.folds.shown_requests import PUBLICATION, risk_of
from ompycord.domain.ids import RunId
from ompycord.domain.policy import Circumstances, is_allowed, resource_of
from ompycord.domain.ports import RunHistory
from ompycord.domain.risk.deciders import Vote, missing
from ompycord.domain.run import RunRecord
from ompycord.errors import UnavailableError

__all__ = ["StillAllowed"]

_BY_US: Final = Person(id="ompycord", name="Ompycord", role=Role.NONE)
_NAME: Final = 128


class StillAllowed:
    """Asks for each thing once it is used, and records what is not."""

    def __init__(self, *, access: RunAccess, history: RunHistory, present: PresentRoles, catalog: Catalog) -> None:
        self._access = access
        self._history = history
        self._present = present
        self._catalog = catalog

    async def message(self, run: RunId, waiting: QueuedMessage) -> bool:
        """Whether a queued message may reach the agent; where not, that it was withdrawn is on disk."""
        body = waiting.body
        record = await self._access.store.run(run)
        if record is None or body.person is None:
            return True
        name = body.by or "Someone"
        if not await self._present.has_lost(record, body.person, name, "say"):
            return True
        dropped = ev.PromptDropped(prompt=waiting.id, by=_BY_US.name, reason="no_role")
        words = f"{name}'s message was not passed on: {name} may no longer send messages to this run."
        await self._void(run, waiting.id, f"message of {name}", dropped, words)
        return False

    async def approval(self, run: RunId, request: Request) -> str | None:
        """Why a permission does not count any more, as a sentence for the agent; None while it does.

        It does not where those who gave it and still may are too few for its risk class.
        """
        record, granted, wanted = await self._access.store.run(run), request.decided, request.body
        if record is None or not isinstance(granted, ev.ApprovalGranted):
            return None
        if not isinstance(wanted, ev.ApprovalRequested):
            return None
        reason = f"{granted.by} allowed this and may no longer do so, so it does not count. Ask again if you need it."
        if request.is_voided:
            return reason
        givers = await self._givers(run, granted.approval)
        if not givers or await self._is_enough(record, wanted, givers):
            return None
        words = (
            f"{granted.by} may no longer approve this, so it does not count: {wanted.title}. The agent can ask again."
        )
        voided = ev.ApprovalVoided(approval=granted.approval, by=granted.by, reason=reason)
        await self._void(run, granted.approval, f"approval of {granted.by}"[:_NAME], voided, words)
        return reason

    async def ticket(self, run: RunId, approval: str) -> str | None:
        """The same for a request of which the name is known; None where it is not one for approval."""
        transcript = Transcript()
        transcript.add(await self._history.transcript(run, after=0))
        request = transcript.requests.get(Ref(RefKind.APPROVAL, approval))
        return None if request is None else await self.approval(run, request)

    async def _givers(self, run: RunId, approval: str) -> Mapping[str, str]:
        """Who allowed it: names by Discord id."""
        events = await self._history.transcript(run, after=0)
        votes = (event.body for event in events if isinstance(event.body, ev.ApprovalVoted))
        found = {vote.person: vote.by for vote in votes if vote.approval == approval}
        decision = await self._access.store.decision(run, "approval", approval)
        return found if decision is None else {**found, decision.by: decision.by_name}

    async def _is_enough(self, record: RunRecord, wanted: ev.ApprovalRequested, givers: Mapping[str, str]) -> bool:
        now: list[Person] = []
        for person, name in givers.items():
            try:
                found = await self._present.person(record.guild, person, name)
            except UnavailableError:
                return True  # an outage takes nothing from anybody
            if found is None:  # a program or the command line: its rights do not depend on Discord
                return True
            now.append(found)
        if wanted.approval.startswith(PUBLICATION):
            return any(is_allowed(one, "publish", resource_of(record)) for one in now)
        rule = self._catalog.rule_of(record, risk_of(wanted).risk)
        place = resource_of(record)
        able = [one for one in now if is_allowed(one, "approve", place, Circumstances(rule=rule))]
        votes = [
            Vote(
                one.id,
                one.role_in(repository=record.repository, channel=record.channel),
                one.id == record.requester,
            )
            for one in able
        ]
        return missing(rule, votes) == (0, None)

    async def _void(self, run: RunId, ref: str, what: str, body: ev.EventBody, words: str) -> None:
        decision = self._access.decision(run, "void", ref, what, _BY_US)
        await self._access.record(run, body, kind=SourceKind.OMPYCORD, decision=decision)
        await self._access.record(run, ev.Note(text=words), kind=SourceKind.OMPYCORD)
