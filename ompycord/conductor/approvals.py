"""People's decisions on what an agent asked or changed: answer a question, grant or deny an approval, accept changes.

Counterpart of `inbox/`, which delivers them. A decision is unique by its row: the second person to decide is shown
who was first (docs/contracts/commands-and-buttons.md, *Decisions happen once*).
"""

from collections.abc import Callable
from typing import Final, Literal

from ompycord.conductor.risk.standing import StandingPermissions
from ompycord.conductor.roles.present import PresentRoles
from ompycord.conductor.run_access import RunAccess, require_hosted
from ompycord.conductor.snapshots import LoadedRun
from ompycord.conductor.transitions import Transitions
from ompycord.domain import events as ev
from ompycord.domain.access import Person, Role
from ompycord.domain.authority import SourceKind
from ompycord.domain.catalog import Catalog
from ompycord.domain.events.people import GrantScope
from ompycord.domain.folds.shown_requests import risk_of, shown_hash
from ompycord.domain.folds.snapshot import Approval, permission_of
from ompycord.domain.ids import RunId, short_id
from ompycord.domain.ports import RunHistory
from ompycord.domain.records import Committed, Decision
from ompycord.domain.refusals import RefusalCode
from ompycord.domain.risk.deciders import Vote, missing
from ompycord.domain.risk.standing import CallDecision, Granter, can_stand, decided_call
from ompycord.domain.run import FINAL
from ompycord.errors import Refused, UnavailableError
from ompycord.render.approvals.deciding import people_words

__all__ = ["Approvals", "Approved"]


class Approved(Committed):
    """What became of a person's permission."""

    waits_for: str | None = None
    """Who else must allow it, such as *one more person, an admin*; None where it is decided."""


_Ballot = dict[str, ev.ApprovalVoted]
"""The votes by person."""


def _votes(loaded: LoadedRun, ballot: _Ballot) -> list[Vote]:
    requester = loaded.record.requester
    return [Vote(one.person, Role[one.role.upper()], one.person == requester) for one in ballot.values()]


def _role_in(person: Person, loaded: LoadedRun) -> Role:
    return person.role_in(repository=loaded.record.repository, channel=loaded.record.channel)


def _names(ballot: _Ballot) -> str:
    """Everybody who allowed it, in as many characters as a name may have."""
    return " and ".join(dict.fromkeys(one.by for one in ballot.values()))[:_NAME]


_NAME: Final = 128
_ACTIONS: Final[dict[GrantScope, str]] = {
    "once": "Allow once",
    "run": "Allow for this run",
    "day": "Allow here for a day",
}
_SCOPES: Final[tuple[GrantScope, ...]] = ("once", "run", "day")
"""From the narrowest on: where several people allow it, that of the most careful one holds."""


class Approvals:
    """The use cases of people whom an agent asked. Each method returns when the fact is on disk."""

    def __init__(
        self,
        *,
        access: RunAccess,
        history: RunHistory,
        transitions: Transitions,
        catalog: Catalog,
        wake: Callable[[], None],
        standing: StandingPermissions | None = None,
        present: PresentRoles | None = None,
    ) -> None:
        """`standing`: permissions for a day, and what was decided before; without it there are none.

        `present`: the roles of earlier voters are those that they have when the last vote is counted.
        """
        self.standing = standing
        self._access = access
        self._present = present
        self._history = history
        self._transitions = transitions
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
        self, loaded: LoadedRun, approval: str, person: Person, *, scope: GrantScope = "once"
    ) -> Approved:
        """Permit the agent to act, once or whenever it asks for what `permission_of` it covers; decided once.

        For a day: exactly this call of any run in this repository and channel, while `can_stand` (`risk/standing.py`).

        Where the risk class needs more people, this is one of their votes (`Approved.waits_for`). Raises Refused for
        what cannot be shown whole, and for the run where it is not known to be the whole call.
        """
        found = self._requested(loaded, approval)
        rule = self._catalog.rule_of(loaded.record, risk_of(found).risk)
        right = "publish" if found.is_publication else "approve"
        self._access.require(person, right, loaded.record, rule=rule)
        first = await self._earlier(loaded, found)
        if first is not None:
            return Approved(fresh=False, earlier=first)
        if not found.whole:
            raise Refused(RefusalCode.APPROVAL_NOT_WHOLE)
        if scope == "run" and permission_of(found) is None:
            raise Refused(RefusalCode.APPROVAL_ONLY_ONCE)
        if scope == "day" and (self.standing is None or not can_stand(found)):
            raise Refused(RefusalCode.APPROVAL_NOT_FOR_A_DAY)
        own = ev.ApprovalVoted.model_validate(
            {
                "approval": approval, "by": person.name, "person": person.id, "role": _role_in(person, loaded).word,
                "shown": shown_hash(found), "scope": scope,
            }
        )  # fmt: skip
        ballot = await self._ballot(loaded, own)
        if own.person not in ballot and missing(rule, _votes(loaded, {**ballot, own.person: own})) != (0, None):
            ref = f"{approval}/{person.id}/{own.shown[:16]}"
            committed = await self._decide(loaded.run, "vote", ref, f"Allow, one of several ({scope})", own, person)
            ballot = await self._ballot(loaded, own)
            if (still := missing(rule, _votes(loaded, ballot))) != (0, None):
                return Approved(**dict(committed), waits_for=people_words(still))
        ballot[own.person] = own
        if (still := missing(rule, _votes(loaded, ballot))) != (0, None):
            raise Refused(RefusalCode.APPROVED_BEFORE, needs=people_words(still))
        given = {one.scope for one in ballot.values()}
        narrowest: GrantScope = next(one for one in _SCOPES if one in given)
        body = ev.ApprovalGranted(approval=approval, by=_names(ballot), scope=narrowest)
        who = tuple(Granter(person=one.person, name=one.by) for one in ballot.values())
        kept = self._kept(loaded, found, narrowest, who)
        action = _ACTIONS[narrowest]
        return Approved(**dict(await self._decide(loaded.run, "approval", approval, action, body, person, kept=kept)))

    def _kept(
        self,
        loaded: LoadedRun,
        found: Approval,
        action: Literal["once", "run", "day", "deny"],
        who: tuple[Granter, ...],
    ) -> CallDecision | None:
        """What later requests for the same call are compared with."""
        if self.standing is None or found.is_publication:
            return None
        rules, now = self.standing.rules_of(loaded.record, found), self._access.clock.now_ms()
        new = self._access.ids.ulid()
        return decided_call(found, loaded.record, action, who, id=new, at=now, rules=rules)

    async def _ballot(self, loaded: LoadedRun, own: ev.ApprovalVoted) -> _Ballot:
        """Who has allowed what the request shows now, as it is on disk; a vote for another text does not count."""
        events = await self._history.transcript(loaded.run, after=0)
        votes = (event.body for event in events if isinstance(event.body, ev.ApprovalVoted))
        ballot = {one.person: one for one in votes if (one.approval, one.shown) == (own.approval, own.shown)}
        return {person: now for person, one in ballot.items() if (now := await self._as_of_now(loaded, one, own))}

    async def _as_of_now(
        self, loaded: LoadedRun, vote: ev.ApprovalVoted, own: ev.ApprovalVoted
    ) -> ev.ApprovalVoted | None:
        """A vote with its person's role of now; None for one who has none. Raises Refused while no one knows."""
        if self._present is None or vote.person == own.person:
            return vote
        try:
            now = await self._present.person(loaded.record.guild, vote.person, vote.by)
        except UnavailableError:
            raise Refused(RefusalCode.ROLE_UNREAD, who=vote.by) from None
        if now is None:
            return vote
        role = _role_in(now, loaded)
        return vote.model_copy(update={"role": role.word}) if role else None

    async def deny(self, loaded: LoadedRun, approval: str, person: Person, *, reason: str | None = None) -> Committed:
        """Deny permission; the agent reads the reason. Under the two-person rule the requester may deny, too."""
        found = self._requested(loaded, approval)
        self._access.require(person, "approve", loaded.record)
        first = await self._earlier(loaded, found)
        if first is not None:
            return Committed(fresh=False, earlier=first)
        body = ev.ApprovalDenied(approval=approval, by=person.name, reason=reason or None)
        action = f"Deny: {reason}" if reason else "Deny"
        kept = self._kept(loaded, found, "deny", (Granter(person=person.id, name=person.name),))
        return await self._decide(loaded.run, "approval", approval, action, body, person, kept=kept)

    @staticmethod
    def _requested(loaded: LoadedRun, approval: str) -> Approval:
        """The request of this name. Raises Refused where there is none."""
        known = loaded.snapshot.approvals if loaded.snapshot else ()
        found = next((one for one in known if one.ref == approval), None)
        if found is None:
            raise Refused(RefusalCode.NO_SUCH_APPROVAL, run=short_id(loaded.run))
        return found

    async def _earlier(self, loaded: LoadedRun, found: Approval) -> Decision | None:
        """The decision that was made before. Raises Refused where none can be made any more."""
        first = await self._access.store.decision(loaded.run, "approval", found.ref)
        if first is not None:
            return first
        if loaded.record.state in FINAL:
            raise Refused(RefusalCode.APPROVAL_OF_ENDED_RUN, run=short_id(loaded.run))
        if found.status != "open":
            raise Refused(RefusalCode.APPROVAL_NOT_OPEN)
        return None

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
        kept: CallDecision | None = None,
    ) -> Committed:
        decision = self._access.decision(run, kind, ref, action, person)
        committed = await self._access.record(
            run, body, kind=SourceKind.PERSON, decision=decision, also=also, beside=() if kept is None else (kept,)
        )
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
        if snapshot.pull_request is not None:
            await self._transitions.decide(run, ev.PublicationRequested(by=person.name), kind=SourceKind.PERSON)
        self._wake()
        return snapshot.to_accept

    async def mark_ready(self, loaded: LoadedRun, person: Person) -> None:
        """Have the draft of a verified result ask for review. Raises Refused where there is none."""
        record, run, snapshot = loaded.record, loaded.run, loaded.snapshot
        require_hosted(record)
        self._access.require(person, "publish", record, two_person=self._catalog.needs_two(record))
        if snapshot is None or snapshot.commit is None or not snapshot.waits_for_ready:
            raise Refused(RefusalCode.NO_DRAFT, run=short_id(run))
        decision = self._access.decision(run, "ready", f"{snapshot.commit}/{record.version}", "Mark ready", person)
        body = ev.ReadyRequested(by=person.name, commit=snapshot.commit)
        await self._transitions.decide(run, body, kind=SourceKind.PERSON, decision=decision, known=record)
        self._wake()
