"""Messages to a running agent: send one, change or withdraw what still waits; counterpart of `inbox/`."""

from collections.abc import Callable
from typing import Literal

from ompycord.conductor.capabilities import AgentCapabilityLookup
from ompycord.conductor.run_access import RunAccess, require_hosted
from ompycord.conductor.transcript import QueuedMessage, Transcript
from ompycord.conductor.transitions import Transitions
from ompycord.domain import events as ev
from ompycord.domain.access import Person
from ompycord.domain.authority import SourceKind
from ompycord.domain.base import Frozen
from ompycord.domain.ids import RunId, short_id
from ompycord.domain.ports import RunHistory
from ompycord.domain.records import Commit, OutboxKind, OutboxRow
from ompycord.domain.refs import Ref, RefKind
from ompycord.domain.refusals import RefusalCode
from ompycord.domain.run import FINAL, Machine, RunKind, RunRecord, RunState
from ompycord.errors import Refused

__all__ = ["MESSAGE_LENGTH", "MOST_WAITING", "MessageOutcome", "MessageReceipt", "Messages", "When"]

When = Literal["now", "next", "restart"]
MessageOutcome = Literal["now", "next", "restart", "start", "resume"]

MESSAGE_LENGTH = 4000
"""Characters; the most that a form of Discord takes."""
MOST_WAITING = 50
"""Waiting messages of one run at most."""


class MessageReceipt(Frozen):
    """What becomes of a message."""

    outcome: MessageOutcome
    """When the agent gets it: now, after its step, or with a restart; or when the run starts or is resumed."""
    agent: str
    can_steer: bool
    """Whether this agent takes messages while it works; otherwise *now* and *next* mean *restart*."""
    is_fresh: bool = True
    """False: the very same message was sent before, and nothing was sent again."""


class Messages:
    """The use cases of people who write to a run. Each method returns when the fact is on disk."""

    def __init__(
        self,
        *,
        access: RunAccess,
        history: RunHistory,
        transitions: Transitions,
        capabilities: AgentCapabilityLookup,
        wake: Callable[[], None],
    ) -> None:
        self._access = access
        self._history = history
        self._transitions = transitions
        self._capabilities = capabilities
        self._wake = wake

    async def preview_message(self, record: RunRecord, when: When, person: Person) -> MessageReceipt:
        """What would become of a message sent now. Raises Refused like `send_message`."""
        require_hosted(record)
        self._access.require(person, "say", record)
        return self._receipt(record, _outcome(record, when, can_steer=self._capabilities.of(record).can_steer))

    def takes(self, record: RunRecord) -> bool:
        """Whether a message reaches the run's agent without a restart of it."""
        if record.kind is not RunKind.HOSTED:
            return False
        try:
            return _outcome(record, "next", can_steer=self._capabilities.of(record).can_steer) != "restart"
        except Refused:
            return False

    async def send_message(
        self, record: RunRecord, text: str, when: When, person: Person, *, key: str | None = None
    ) -> MessageReceipt:
        """Send a message to a run; what becomes of it. `key` identifies a repetition: the id of the message or click.

        Raises Refused where it can reach no agent any more. Decided and stored at one version of the run, so that an
        agent that ends at the same moment has either taken it or starts again with it.
        """
        require_hosted(record)
        run = RunId(record.id)
        self._access.require(person, "say", record)
        text = _sayable(text)
        if len((await self.transcript(run)).waiting) >= MOST_WAITING:
            raise Refused(RefusalCode.TOO_MANY_MESSAGES, limit=MOST_WAITING)
        capabilities = self._capabilities.of(record)
        fates: list[MessageOutcome] = []

        async def prompt(now: RunRecord) -> ev.EventBody:
            fates.append(_outcome(now, when, can_steer=capabilities.can_steer))
            message: When = "restart" if fates[-1] == "restart" else "now" if when == "now" else "next"
            return ev.Prompted(text=text, by=person.name, when=message, person=person.id or None)

        decision = self._access.decision(run, "say", key or self._access.ids.ulid(), text, person)
        committed, _ = await self._transitions.decide(
            run, prompt, kind=SourceKind.PERSON, decision=decision, is_guarded=True, known=record
        )
        self._wake()
        return self._receipt(record, fates[-1]).model_copy(update={"is_fresh": committed.fresh})

    def _receipt(self, record: RunRecord, outcome: MessageOutcome) -> MessageReceipt:
        return MessageReceipt(
            outcome=outcome, agent=record.agent or "agent", can_steer=self._capabilities.of(record).can_steer
        )

    async def waiting(self, run: RunId) -> list[QueuedMessage]:
        """Messages of people that no agent has taken yet, oldest first."""
        return [message for message in (await self.transcript(run)).waiting if not message.is_nudge]

    async def edit(self, record: RunRecord, message: str, text: str, person: Person) -> QueuedMessage:
        """Change the text of a waiting message, which keeps its place. Raises Refused once the agent has it."""
        known, run = await self._known(record, message, person), RunId(record.id)
        text = _sayable(text)
        body = ev.PromptEdited(prompt=known.id, text=text, by=person.name)
        decision = self._access.decision(run, "edit", self._access.ids.ulid(), text, person)
        await self._access.record(run, body, kind=SourceKind.PERSON, decision=decision)
        self._wake()
        transcript = await self.transcript(run)
        if known.ref in transcript.dropped:
            raise Refused(RefusalCode.MESSAGE_WITHDRAWN)
        if transcript.prompts[known.ref].body.text != text:  # the log's order decides between taking and editing
            raise Refused(RefusalCode.MESSAGE_TAKEN_UNCHANGED)
        return transcript.prompts[known.ref]

    async def _known(self, record: RunRecord, message: str, person: Person) -> QueuedMessage:
        """The message, for a person who may write to this run. Raises Refused."""
        require_hosted(record)
        run = RunId(record.id)
        self._access.require(person, "say", record)
        known = (await self.transcript(run)).message(message)
        if known is None or known.is_nudge:
            raise Refused(RefusalCode.NO_SUCH_MESSAGE, run=short_id(run))
        return known

    async def drop(self, record: RunRecord, message: str, person: Person) -> QueuedMessage:
        """Withdraw a message (by the id of its event) and return it. Raises Refused once the agent has it."""
        known, run = await self._known(record, message, person), RunId(record.id)
        body = ev.PromptDropped(prompt=known.id, by=person.name)
        decision = self._access.decision(run, "drop", known.id, known.body.text[:MESSAGE_LENGTH], person)
        await self._access.record(run, body, kind=SourceKind.PERSON, decision=decision)
        self._wake()
        if known.ref not in (await self.transcript(run)).dropped:  # the log's order decides between taking and dropping
            raise Refused(RefusalCode.MESSAGE_TAKEN)
        return known

    async def cannot_read(self, record: RunRecord) -> None:
        """Say in the run's thread, once, that messages there cannot be read; once more when it has ended.

        Follow-ups share the thread of their first run.
        """
        if record.kind is not RunKind.HOSTED and record.state in FINAL:
            return
        ref, now = str(Ref(RefKind.UNREAD, "end" if record.state in FINAL else "")), self._access.clock.now_ms()
        place = {"channel": record.channel}
        row = OutboxRow(run=RunId(record.first), kind=OutboxKind.NOTICE, ref=ref, body=place, created_at=now)
        await self._access.store.commit(Commit(writes=(row,)))

    async def transcript(self, run: RunId) -> Transcript:
        """All that people and agents wrote to each other, as it stands in the log."""
        transcript = Transcript()
        transcript.add(await self._history.transcript(run, after=0))
        return transcript


def _sayable(text: str) -> str:
    """What a person typed, without the space around it. Raises Refused where nothing is left or it is too long."""
    text = text.strip()
    if not text:
        raise Refused(RefusalCode.MESSAGE_EMPTY)
    if len(text) > MESSAGE_LENGTH:
        raise Refused(RefusalCode.MESSAGE_TOO_LONG, length=len(text), limit=MESSAGE_LENGTH)
    return text


def _outcome(record: RunRecord, when: When, *, can_steer: bool) -> MessageOutcome:
    """What becomes of a message sent to a run as it is now. Raises Refused where no agent will run any more."""
    machine = record.machine or Machine()
    match record.state:
        case state if state in FINAL:
            raise Refused(RefusalCode.MESSAGE_TO_ENDED_RUN, run=short_id(record.id))
        case RunState.PUBLISHING:
            raise Refused(RefusalCode.MESSAGE_WHILE_PUBLISHING, run=short_id(record.id))
        case RunState.SUSPENDED:
            return "resume"
        case RunState.BUILDING | RunState.REPAIRING if can_steer and when != "restart" and machine.claim is None:
            return when
        case RunState.BUILDING | RunState.REPAIRING | RunState.VERIFYING:
            return "restart"
        case _:
            return "start"
