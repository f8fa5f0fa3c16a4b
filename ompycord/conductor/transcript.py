"""What a run's agents and people wrote to each other, folded from the log; pure.

Counterpart: `inbox/`, which hands it out. What waits for an agent is what no `inbox.taken` names. Between taking and
dropping the log's order decides.
"""

from collections.abc import Container, Iterable
from dataclasses import dataclass, field, replace

from ompycord.domain import events as ev
from ompycord.domain.folds.snapshot import is_same_request, permission_of
from ompycord.domain.ids import OMPYCORD
from ompycord.domain.refs import Ref, RefKind

__all__ = [
    "DecisionEvent",
    "QueuedMessage",
    "Request",
    "RequestEvent",
    "Transcript",
    "TypedInLog",
    "WithdrawalEvent",
    "ref_of",
]

RequestEvent = ev.QuestionAsked | ev.ApprovalRequested
DecisionEvent = ev.QuestionAnswered | ev.ApprovalGranted | ev.ApprovalDenied
WithdrawalEvent = ev.QuestionWithdrawn | ev.ApprovalWithdrawn


def ref_of(body: RequestEvent | DecisionEvent | WithdrawalEvent | ev.ApprovalVoided) -> Ref:
    """The ref of the question or approval that an event is about."""
    if isinstance(body, ev.QuestionAsked | ev.QuestionAnswered | ev.QuestionWithdrawn):
        return Ref(RefKind.QUESTION, body.question)
    return Ref(RefKind.APPROVAL, body.approval)


@dataclass(frozen=True, slots=True)
class QueuedMessage:
    """A message to the agent, as it stands in the log: from a person, or a nudge."""

    id: str
    position: int
    at: int
    body: ev.Prompted
    is_nudge: bool = False
    """Whether Ompycord wrote it, to an agent that goes in circles: one that has ended needs it no more."""

    @property
    def ref(self) -> Ref:
        """As `inbox.taken` names it."""
        return _message(self.id)


@dataclass(slots=True)
class TypedInLog:
    """An answer that a person typed, as it stands in the log."""

    body: ev.AnswerTyped
    at: int
    answer: str
    """As it was changed last."""
    is_dropped: bool = False


@dataclass(slots=True)
class Request:
    """A question or a request for approval, with its decision."""

    body: RequestEvent
    decided: DecisionEvent | None = None
    decided_at: int = 0
    """The position of the decision."""
    is_withdrawn: bool = False
    is_voided: bool = False
    """Whether the permission does not count any more."""
    round: int = 0
    """In which it was asked."""
    is_left: bool = False
    """Whether the run went back to a round before that: what was answered was about other work."""

    @property
    def is_open(self) -> bool:
        """A person may still decide it."""
        return self.decided is None and not self.is_withdrawn


@dataclass(slots=True)
class Transcript:
    """Add events in the order of the log. Prompts count only in our own source: an agent never gets its own."""

    position: int = 0
    prompts: dict[Ref, QueuedMessage] = field(default_factory=dict[Ref, QueuedMessage])
    taken: set[Ref] = field(default_factory=set[Ref])
    dropped: set[Ref] = field(default_factory=set[Ref])
    acknowledged: set[tuple[str, Ref]] = field(default_factory=set[tuple[str, Ref]])
    """Messages that a session of the agent has, by the session."""
    requests: dict[Ref, Request] = field(default_factory=dict[Ref, Request])
    typed: dict[str, TypedInLog] = field(default_factory=dict[str, TypedInLog])
    round: int = 0

    def add(self, events: Iterable[ev.RunEvent]) -> None:
        """Take in events after `position`; others are ignored."""
        for event in events:
            if event.position > self.position:
                self.position = event.position
                self._add(event)

    def _add(self, event: ev.RunEvent) -> None:
        match event.body:
            case ev.Prompted() as body if event.source == OMPYCORD and event.id is not None:
                message = QueuedMessage(id=event.id, position=event.position, at=event.at, body=body)
                self.prompts[message.ref] = message
            case ev.GuardianNoticed(to_agent=str(text)) if event.source == OMPYCORD and event.id is not None:
                body = ev.Prompted(text=text, by="Ompycord", when="now")
                nudge = QueuedMessage(id=event.id, position=event.position, at=event.at, body=body, is_nudge=True)
                self.prompts[nudge.ref] = nudge
            case ev.InboxTaken(said=texts):
                self.taken.update(ref for ref in map(Ref.parse, texts) if ref not in self.dropped)
            case ev.InboxAcknowledged(said=texts, session=session):
                self.acknowledged.update((session, Ref.parse(text)) for text in texts)
            case ev.PromptEdited(prompt=id_, text=text) if _message(id_) not in self.taken:
                self._edit(_message(id_), text)
            case ev.PromptDropped(prompt=id_) if _message(id_) not in self.taken:
                self.dropped.add(_message(id_))
            case ev.QuestionAsked() | ev.ApprovalRequested() as body:
                self._on_request(body)
            case ev.QuestionAnswered() | ev.ApprovalGranted() | ev.ApprovalDenied() as body:
                self._decide(body, event.position)
            case ev.QuestionWithdrawn() | ev.ApprovalWithdrawn() | ev.ApprovalVoided() as body:
                self._end_request(body)
            case ev.AnswerTyped() | ev.AnswerEdited() | ev.AnswerDropped() as body:
                self._on_typed(body, event.at)
            case _ if event.source == OMPYCORD:
                self._follow_round(event.body)
            case _:
                pass

    def _follow_round(self, body: ev.EventBody) -> None:
        match body:
            case ev.RunStateChanged(round=number):
                self.round = number
            case ev.RunRolledBack(round=number):
                for request in self.requests.values():
                    request.is_left = request.is_left or request.round > number
            case _:
                pass

    def _end_request(self, body: WithdrawalEvent | ev.ApprovalVoided) -> None:
        known = self.requests.get(ref_of(body))
        if known is not None and isinstance(body, ev.ApprovalVoided):
            known.is_voided = True
        elif known is not None:
            known.is_withdrawn = True

    def _on_typed(self, body: ev.AnswerTyped | ev.AnswerEdited | ev.AnswerDropped, at: int) -> None:
        known = self.typed.get(body.typed)
        match body:
            case ev.AnswerTyped() if known is None:
                self.typed[body.typed] = TypedInLog(body, at, body.answer)
            case ev.AnswerEdited() if known is not None:
                known.answer = body.answer
            case ev.AnswerDropped() if known is not None:
                known.is_dropped = True
            case _:
                pass

    def _edit(self, ref: Ref, text: str) -> None:
        known = self.prompts.get(ref)
        if known is not None:
            self.prompts[ref] = replace(known, body=known.body.model_copy(update={"text": text}))

    def _on_request(self, body: RequestEvent) -> None:
        known = self.requests.get(ref_of(body))
        if known is None:
            self.requests[ref_of(body)] = Request(body, round=self.round)
        else:
            known.body, known.is_withdrawn = body, False

    def _decide(self, body: DecisionEvent, position: int) -> None:
        known = self.requests.get(ref_of(body))
        if known is not None and known.decided is None:
            known.decided, known.decided_at = body, position

    def message(self, event: str) -> QueuedMessage | None:
        """The message of this event, also where it was taken or withdrawn."""
        return self.prompts.get(_message(event))

    def waiting_answer(self, name: str) -> TypedInLog | None:
        """The typed answer of this name while it waits: neither given nor withdrawn, its question undecided."""
        known = self.typed.get(name)
        if known is None or known.is_dropped or self.is_decided(known.body.question):
            return None
        return known

    def waiting_answer_for(self, question: str) -> TypedInLog | None:
        """The typed answer that waits to be given to this question."""
        found = (self.waiting_answer(name) for name, one in self.typed.items() if one.body.question == question)
        return next((one for one in found if one is not None), None)

    def is_decided(self, question: str) -> bool:
        """Whether a person has answered this question."""
        request = self.requests.get(Ref(RefKind.QUESTION, question))
        return request is not None and request.decided is not None

    @property
    def messages(self) -> list[QueuedMessage]:
        """All messages that were not withdrawn, oldest first."""
        return [one for ref, one in self.prompts.items() if ref not in self.dropped]

    @property
    def waiting(self) -> list[QueuedMessage]:
        """Messages that no agent has taken, oldest first."""
        return [one for one in self.messages if one.ref not in self.taken]

    @property
    def open_requests(self) -> list[Request]:
        """Requests that no person has decided yet."""
        return [request for request in self.requests.values() if request.is_open]

    def permission_for(self, wanted: ev.ApprovalRequested) -> tuple[Request, ev.ApprovalGranted] | None:
        """The newest approval for the whole run that covers this, with its request; each use is an event."""
        permission = permission_of(wanted)
        for request in reversed(self.requests.values()):
            granted, known = request.decided, request.body
            if not isinstance(granted, ev.ApprovalGranted) or not isinstance(known, ev.ApprovalRequested):
                continue
            if request.is_voided:
                continue
            if permission is not None and granted.scope == "run" and permission_of(known) == permission:
                return request, granted
        return None

    def same_as(self, body: RequestEvent, *, besides: Container[Ref]) -> Ref | None:
        """The newest request that this one repeats word for word and whose decision no agent has used; its ref.

        `besides` are those of the session that asks.
        """
        for ref, request in reversed(self.requests.items()):
            if not _is_same(request.body, body):
                continue
            is_live = request.decided is not None or not request.is_withdrawn
            if (
                is_live
                and not request.is_voided
                and not request.is_left
                and ref not in self.taken
                and ref not in besides
            ):
                return ref
        return None

    def answered_earlier(self, body: ev.QuestionAsked, *, besides: Container[Ref]) -> Ref | None:
        """The oldest question that this one repeats word for word and whose answer an agent has used; its ref."""
        for ref, request in self.requests.items():
            is_used = request.decided is not None and ref in self.taken and ref not in besides
            if is_used and not request.is_left and _is_same(request.body, body):
                return ref
        return None


def _message(event: str) -> Ref:
    return Ref(RefKind.MESSAGE, event)


def _is_same(first: RequestEvent, second: RequestEvent) -> bool:
    """Whether a person reads the same in both."""
    if isinstance(first, ev.ApprovalRequested) and isinstance(second, ev.ApprovalRequested):
        return is_same_request(first, second)
    if isinstance(first, ev.QuestionAsked) and isinstance(second, ev.QuestionAsked):
        return first.model_copy(update={"question": second.question}) == second
    return False
