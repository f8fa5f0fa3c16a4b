"""What a run's agents and people said to each other, folded from the log; pure.

Counterpart: `inbox.py`, which hands it out.

What waits for an agent is what no `inbox.taken` names. Between taking and dropping the log's order decides.
"""

from collections.abc import Container, Iterable
from dataclasses import dataclass, field, replace

from ompycord.domain import events as ev
from ompycord.domain.ids import OMPYCORD

__all__ = ["DecisionEvent", "QueuedMessage", "Request", "RequestEvent", "Transcript", "WithdrawalEvent", "key_of"]

RequestEvent = ev.QuestionAsked | ev.ApprovalRequested
DecisionEvent = ev.QuestionAnswered | ev.ApprovalGranted | ev.ApprovalDenied
WithdrawalEvent = ev.QuestionWithdrawn | ev.ApprovalWithdrawn


def key_of(body: RequestEvent | DecisionEvent | WithdrawalEvent) -> str:
    """`q:<question>` or `a:<approval>`, as `inbox.taken` names it."""
    if isinstance(body, ev.QuestionAsked | ev.QuestionAnswered | ev.QuestionWithdrawn):
        return f"q:{body.question}"
    return f"a:{body.approval}"


@dataclass(frozen=True, slots=True)
class QueuedMessage:
    """Something a person said, as it stands in the log."""

    id: str
    position: int
    at: int
    body: ev.Prompted

    @property
    def key(self) -> str:
        """As `inbox.taken` names it."""
        return f"p:{self.id}"


@dataclass(slots=True)
class Request:
    """A question or a request for leave, and what became of it."""

    body: RequestEvent
    decided: DecisionEvent | None = None
    decided_at: int = 0
    """The position of the decision."""
    is_withdrawn: bool = False

    @property
    def is_open(self) -> bool:
        """A person may still decide it."""
        return self.decided is None and not self.is_withdrawn


@dataclass(slots=True)
class Transcript:
    """Add events in the order of the log. Prompts count in our own lane alone: an agent never hears itself."""

    position: int = 0
    prompts: dict[str, QueuedMessage] = field(default_factory=dict[str, QueuedMessage])
    taken: set[str] = field(default_factory=set[str])
    dropped: set[str] = field(default_factory=set[str])
    requests: dict[str, Request] = field(default_factory=dict[str, Request])

    def add(self, events: Iterable[ev.RunEvent]) -> None:
        """Take in events after `position`; others are ignored."""
        for event in events:
            if event.position > self.position:
                self.position = event.position
                self._add(event)

    def _add(self, event: ev.RunEvent) -> None:
        match event.body:
            case ev.Prompted() as body if event.source == OMPYCORD and event.id is not None:
                messages = QueuedMessage(id=event.id, position=event.position, at=event.at, body=body)
                self.prompts[messages.key] = messages
            case ev.InboxTaken(said=keys):
                self.taken.update(key for key in keys if key not in self.dropped)
            case ev.PromptEdited(prompt=id_, text=text) if f"p:{id_}" not in self.taken:
                self._edit(f"p:{id_}", text)
            case ev.PromptDropped(prompt=id_) if f"p:{id_}" not in self.taken:
                self.dropped.add(f"p:{id_}")
            case ev.QuestionAsked() | ev.ApprovalRequested() as body:
                self._on_request(body)
            case ev.QuestionAnswered() | ev.ApprovalGranted() | ev.ApprovalDenied() as body:
                self._decide(body, event.position)
            case ev.QuestionWithdrawn() | ev.ApprovalWithdrawn() as body:
                known = self.requests.get(key_of(body))
                if known is not None:
                    known.is_withdrawn = True
            case _:
                pass

    def _edit(self, key: str, text: str) -> None:
        known = self.prompts.get(key)
        if known is not None:
            self.prompts[key] = replace(known, body=known.body.model_copy(update={"text": text}))

    def _on_request(self, body: RequestEvent) -> None:
        known = self.requests.get(key_of(body))
        if known is None:
            self.requests[key_of(body)] = Request(body)
        else:
            known.body, known.is_withdrawn = body, False

    def _decide(self, body: DecisionEvent, position: int) -> None:
        known = self.requests.get(key_of(body))
        if known is not None and known.decided is None:
            known.decided, known.decided_at = body, position

    @property
    def messages(self) -> list[QueuedMessage]:
        """All that was said and not taken back, oldest first."""
        return [one for key, one in self.prompts.items() if key not in self.dropped]

    @property
    def waiting(self) -> list[QueuedMessage]:
        """What was said and no agent has taken, oldest first."""
        return [one for one in self.messages if one.key not in self.taken]

    @property
    def open_requests(self) -> list[Request]:
        """What nobody decided yet."""
        return [request for request in self.requests.values() if request.is_open]

    def same_as(self, body: RequestEvent, *, besides: Container[str]) -> str | None:
        """The key of a request that this one repeats word for word and whose decision no agent has used; newest first.

        Leave for the whole run can be used again. `besides` are those of the session that asks.
        """
        for key, request in reversed(self.requests.items()):
            if _words(request.body) != _words(body):
                continue
            if _is_for_the_run(request):
                return key
            is_live = request.decided is not None or not request.is_withdrawn
            if is_live and key not in self.taken and key not in besides:
                return key
        return None


def _words(body: RequestEvent) -> tuple[object, ...]:
    """What a person reads of it."""
    if isinstance(body, ev.QuestionAsked):
        return ("question", body.text, body.options, body.free_text)
    return ("approval", body.title, body.command, body.risk)


def _is_for_the_run(request: Request) -> bool:
    return isinstance(request.decided, ev.ApprovalGranted) and request.decided.scope == "run"
