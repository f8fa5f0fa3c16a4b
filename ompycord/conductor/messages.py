"""Talking to a running agent: answer, approve, deny, say, and what still waits; counterpart of `inbox.py`, which delivers.

A decision is single by its row: who comes second is told who was first
(docs/contracts/commands-and-buttons.md, *Decisions happen once*).
"""

from collections.abc import Callable
from typing import Literal

from ompycord.conductor.capabilities import AgentCapabilityLookup
from ompycord.conductor.run_access import RunAccess
from ompycord.conductor.transcript import QueuedMessage, Transcript
from ompycord.conductor.transitions import Transitions
from ompycord.domain import events as ev
from ompycord.domain.access import Person
from ompycord.domain.authority import SourceKind
from ompycord.domain.base import Frozen
from ompycord.domain.catalog import Catalog
from ompycord.domain.ids import RunId, short_id
from ompycord.domain.ports import RunHistory
from ompycord.domain.records import Committed
from ompycord.domain.run import FINAL, Machine, RunRecord, RunState
from ompycord.errors import Refused
from ompycord.render.notices import not_the_requester

__all__ = ["MESSAGE_LENGTH", "MOST_WAITING", "MessageOutcome", "MessageReceipt", "Messages", "When"]

When = Literal["now", "next", "restart"]
MessageOutcome = Literal["now", "next", "restart", "start", "resume"]

MESSAGE_LENGTH = 4000
"""Characters: what a form of Discord takes."""
MOST_WAITING = 50
"""Of one run; more than that nobody means."""


class MessageReceipt(Frozen):
    """What becomes of what was said."""

    outcome: MessageOutcome
    """The agent gets it now, after its step, or begins again with it; or the run does, once it starts or is resumed."""
    agent: str
    can_steer: bool
    """Whether this agent can be told anything while it works; else *now* and *next* mean *restart*."""
    is_fresh: bool = True
    """False: the very same message was said before, and nothing was said again."""


class Messages:
    """The use cases of people who talk to a run. Each returns when the fact is on disk."""

    def __init__(
        self,
        *,
        access: RunAccess,
        history: RunHistory,
        transitions: Transitions,
        catalog: Catalog,
        capabilities: AgentCapabilityLookup,
        wake: Callable[[], None],
    ) -> None:
        self._access = access
        self._history = history
        self._transitions = transitions
        self._catalog = catalog
        self._capabilities = capabilities
        self._wake = wake

    # -- questions and approvals ---------------------------------------------------------------------------------------

    async def answer(self, run: RunId, question: str, answer: str, person: Person) -> Committed:
        """A person's answer, once: `Committed.earlier` is the first one when this came second."""
        record = await self._access.run(run)
        self._access.require(person, "answer", record)
        snapshot = await self._access.snapshot(run)
        asked = next((q for q in snapshot.questions if q.ref == question), None) if snapshot else None
        if asked is None:
            raise Refused(f"{short_id(run)} asked no such question.")
        first = await self._access.store.decision(run, "question", question)
        if first is not None:
            return Committed(fresh=False, earlier=first)
        if asked.status != "open" or record.state in FINAL:
            raise Refused("Nobody needs that answer any more.")
        if not asked.free_text and answer not in asked.options:
            raise Refused("That is none of the offered answers.")
        body = ev.QuestionAnswered(question=question, answer=answer, by=person.name)
        return await self._decide(run, "question", question, answer, body, person)

    async def approve(self, run: RunId, approval: str, person: Person, *, scope: Literal["once", "run"]) -> Committed:
        """Leave for the agent to act, once or whenever it asks the same in this run; single like an answer."""
        record = await self._access.run(run)
        if self._needs_two(record) and person.id == record.requester:
            raise Refused(not_the_requester())
        body = ev.ApprovalGranted(approval=approval, by=person.name, scope=scope)
        action = "Allow once" if scope == "once" else "Allow for this run"
        return await self._decide_approval(record, body, action, person)

    async def deny(self, run: RunId, approval: str, person: Person, *, reason: str | None = None) -> Committed:
        """No leave; the agent reads the reason. Under the two-person rule the requester may say no, too."""
        record = await self._access.run(run)
        body = ev.ApprovalDenied(approval=approval, by=person.name, reason=reason or None)
        return await self._decide_approval(record, body, f"Deny: {reason}" if reason else "Deny", person)

    async def _decide_approval(
        self, record: RunRecord, body: ev.ApprovalGranted | ev.ApprovalDenied, action: str, person: Person
    ) -> Committed:
        run = RunId(record.id)
        self._access.require(person, "approve", record)
        snapshot = await self._access.snapshot(run)
        asked = next((a for a in snapshot.approvals if a.ref == body.approval), None) if snapshot else None
        if asked is None:
            raise Refused(f"{short_id(run)} asked for no such leave.")
        first = await self._access.store.decision(run, "approval", body.approval)
        if first is not None:
            return Committed(fresh=False, earlier=first)
        if record.state in FINAL:
            raise Refused(f"{short_id(run)} has ended, so nothing was decided. *Run again* starts the same task anew.")
        if asked.status != "open":
            raise Refused("The agent does not wait for that any more, so nothing was decided.")
        return await self._decide(run, "approval", body.approval, action, body, person)

    async def _decide(
        self, run: RunId, kind: str, ref: str, action: str, body: ev.EventBody, person: Person
    ) -> Committed:
        decision = self._access.decision(run, kind, ref, action, person)
        committed = await self._access.record(run, body, kind=SourceKind.PERSON, decision=decision)
        self._wake()
        return committed

    def _needs_two(self, record: RunRecord) -> bool:
        """The two-person rule of the run's repository, as it is configured now."""
        return any(spec.two_person for spec in self._catalog.repositories if spec.name == record.repository)

    # -- saying --------------------------------------------------------------------------------------------------------

    async def preview_message(self, run: RunId, when: When, person: Person) -> MessageReceipt:
        """What would become of something said now. Raises Refused like `send_message`."""
        record = await self._access.hosted(run)
        self._access.require(person, "say", record)
        return self._receipt(record, _outcome(record, when, can_steer=self._capabilities.of(record).can_steer))

    async def send_message(
        self, run: RunId, text: str, when: When, person: Person, *, key: str | None = None
    ) -> MessageReceipt:
        """Tell a run something; what becomes of it. `key` makes a repetition known: the id of the message or click.

        Raises Refused where it can reach no agent any more. Decided and stored at one version of the run, so that an
        agent that ends at the same moment has either taken it or begins again with it.
        """
        record = await self._access.hosted(run)
        self._access.require(person, "say", record)
        text = _sayable(text)
        if len((await self.transcript(run)).waiting) >= MOST_WAITING:
            raise Refused(
                f"{MOST_WAITING} messages wait for the agent already. Take one back with `/omp queue drop` first."
            )
        capabilities = self._capabilities.of(record)
        fates: list[MessageOutcome] = []

        async def prompt(now: RunRecord) -> ev.EventBody:
            fates.append(_outcome(now, when, can_steer=capabilities.can_steer))
            said: When = "restart" if fates[-1] == "restart" else "now" if when == "now" else "next"
            return ev.Prompted(text=text, by=person.name, when=said)

        decision = self._access.decision(run, "say", key or self._access.ids.ulid(), text, person)
        committed, _ = await self._transitions.decide(
            run, prompt, kind=SourceKind.PERSON, decision=decision, is_guarded=True
        )
        self._wake()
        return self._receipt(record, fates[-1]).model_copy(update={"is_fresh": committed.fresh})

    def _receipt(self, record: RunRecord, outcome: MessageOutcome) -> MessageReceipt:
        return MessageReceipt(
            outcome=outcome, agent=record.agent or "agent", can_steer=self._capabilities.of(record).can_steer
        )

    # -- what waits ----------------------------------------------------------------------------------------------------

    async def waiting(self, run: RunId) -> list[QueuedMessage]:
        """What was said and no agent has taken yet, oldest first."""
        return (await self.transcript(run)).waiting

    async def edit(self, run: RunId, said: str, text: str, person: Person) -> QueuedMessage:
        """Say it in other words, in the same place of the line. Raises Refused once the agent has it."""
        known = await self._known(run, said, person)
        text = _sayable(text)
        body = ev.PromptEdited(prompt=known.id, text=text, by=person.name)
        decision = self._access.decision(run, "edit", self._access.ids.ulid(), text, person)
        await self._access.record(run, body, kind=SourceKind.PERSON, decision=decision)
        self._wake()
        transcript = await self.transcript(run)
        if known.key in transcript.dropped:
            raise Refused("Somebody took that back meanwhile. Say it anew.")
        if transcript.prompts[known.key].body.text != text:  # the log's order decides between taking and editing
            raise Refused("The agent has that already, as it was. Say something else to it, or stop it.")
        return transcript.prompts[known.key]

    async def _known(self, run: RunId, said: str, person: Person) -> QueuedMessage:
        """What was said, for somebody who may say something. Raises Refused."""
        record = await self._access.hosted(run)
        self._access.require(person, "say", record)
        known = (await self.transcript(run)).prompts.get(f"p:{said}")
        if known is None:
            raise Refused(f"Nothing like that was said to {short_id(run)}.")
        return known

    async def drop(self, run: RunId, said: str, person: Person) -> QueuedMessage:
        """Take back what was said (the id of its event) and return it. Raises Refused once the agent has it."""
        known = await self._known(run, said, person)
        body = ev.PromptDropped(prompt=known.id, by=person.name)
        decision = self._access.decision(run, "drop", known.id, known.body.text[:MESSAGE_LENGTH], person)
        await self._access.record(run, body, kind=SourceKind.PERSON, decision=decision)
        self._wake()
        if known.key not in (await self.transcript(run)).dropped:  # the log's order decides between taking and dropping
            raise Refused("The agent has that already. Say something else to it, or stop it.")
        return known

    async def transcript(self, run: RunId) -> Transcript:
        """All that was said to each other, as it stands in the log."""
        transcript = Transcript()
        transcript.add(await self._history.transcript(run, after=0))
        return transcript


def _sayable(text: str) -> str:
    """What a person typed, without the space around it. Raises Refused."""
    text = text.strip()
    if not text:
        raise Refused("The message is empty, so nothing was told to the agent.")
    if len(text) > MESSAGE_LENGTH:
        raise Refused(
            f"That has {len(text):,} characters; {MESSAGE_LENGTH:,} is the limit. Nothing was told to the agent."
        )
    return text


def _outcome(record: RunRecord, when: When, *, can_steer: bool) -> MessageOutcome:
    """What becomes of a word said to a run as it is now. Raises Refused where no agent will come any more."""
    again = "*Run again* starts the same task anew, `/omp new` another one."
    machine = record.machine or Machine()
    match record.state:
        case state if state in FINAL:
            raise Refused(f"{short_id(record.id)} has ended, so nobody is there to hear it. {again}")
        case RunState.PUBLISHING:
            raise Refused(f"{short_id(record.id)} puts its result on a branch and takes nothing more. Then {again}")
        case RunState.SUSPENDED:
            return "resume"
        case RunState.BUILDING if can_steer and when != "restart" and machine.claim is None:
            return when
        case RunState.BUILDING | RunState.VERIFYING:
            return "restart"
        case _:
            return "start"
