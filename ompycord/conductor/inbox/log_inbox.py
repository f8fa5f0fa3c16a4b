"""What reaches an agent while it runs, read from the log; counterpart of `messages.py`, which writes it there.

One `Inbox` is one start of an agent. Before it hands something out it records that it was taken (`inbox.taken`), so a
restart neither loses nor repeats it: the next start gets at once what was written, and gets what was decided when it
asks. What a session has for certain (`inbox.acknowledged`) is not told to the same session again. Who begins anew gets
answers again that an agent before it had, where it asks the same; an approval is for one who acted by it alone.
"""

from collections import deque
from collections.abc import Awaitable, Callable
from typing import TypeVar

from ompycord.conductor.bus import Subscription
from ompycord.conductor.risk.assessment import Assessed
from ompycord.conductor.roles.waiting import StillAllowed
from ompycord.conductor.slots import Slots
from ompycord.conductor.transcript import (
    DecisionEvent,
    QueuedMessage,
    RequestEvent,
    Transcript,
    WithdrawalEvent,
    ref_of,
)
from ompycord.domain import events as ev
from ompycord.domain.ids import RunId
from ompycord.domain.ports import AgentInput, RunHistory
from ompycord.domain.refs import Ref
from ompycord.errors import StorageError
from ompycord.telemetry import get_logger

__all__ = ["POLL_S", "Assess", "LogInbox", "Record", "as_it_is", "has_unread"]

POLL_S = 30.0
"""Seconds between two reads without a notice, for the case that one was missed."""
RETRY_S = 0.5
"""Seconds after which a database that did not answer is asked again."""

REF = 128
TAKEN_AT_ONCE = 1000

log = get_logger(__name__)

B = TypeVar("B", bound=RequestEvent | DecisionEvent | WithdrawalEvent)

Record = Callable[..., Awaitable[None]]
"""`await record(run, *bodies)`: store facts of ours."""


Assess = Callable[[RunId, ev.ApprovalRequested], Awaitable[Assessed]]
"""The class of what an agent asks, and whether people need to decide on it."""


async def as_it_is(run: RunId, body: ev.ApprovalRequested) -> Assessed:
    """Ask people, whatever it is."""
    return Assessed(body)


async def has_unread(history: RunHistory, run: RunId) -> bool:
    """Whether people wrote something that no start of the agent has taken."""
    transcript = Transcript()
    transcript.add(await history.transcript(run, after=0))
    return any(not message.is_nudge for message in transcript.waiting)


class LogInbox:
    """Satisfies `domain.ports.Inbox`.

    Knows which requests this start of the agent made: other decisions are not for it.
    """

    def __init__(
        self,
        *,
        history: RunHistory,
        record: Record,
        subscription: Subscription,
        run: RunId,
        iteration: int,
        slots: Slots | None = None,
        assess: Assess = as_it_is,
        still: StillAllowed | None = None,
        starts_fresh: bool = False,
    ) -> None:
        """`slots`: a run that waits for a person gets a slot again before its agent gets anything.

        `starts_fresh`: the agent knows nothing of what an earlier start was answered.

        `still`: asked whether what a person said or allowed still counts when the agent gets it.
        """
        self._slots = slots
        self._still = still
        self._assess = assess
        self._starts_fresh = starts_fresh
        self._is_resting = True
        self._history = history
        self._record = record
        self._subscription = subscription
        self._run = run
        self._iteration = iteration
        self._transcript = Transcript()
        self._requested: dict[Ref, RequestEvent] = {}
        """The refs by which this session waits for decisions, and the request in the session's own words."""
        self._own: set[Ref] = set()
        """All that it ever waited for."""
        self._repeats: deque[DecisionEvent] = deque()
        self._earlier: tuple[QueuedMessage, ...] = ()
        self._sent: deque[tuple[Ref, ...]] = deque()
        """The messages in each text that the agent's session got and did not acknowledge yet, oldest first."""
        self._session: str | None = None
        self._began = 0
        """The position in the log at which it was started."""
        self._in_hand: QueuedMessage | tuple[Ref, DecisionEvent] | None = None

    @property
    def earlier_messages(self) -> tuple[str, ...]:
        """All messages before this start that were not withdrawn, oldest first.

        A start knows nothing of earlier ones.
        """
        return tuple(one.body.text for one in self._earlier)

    def unknown_to(self, session: str) -> tuple[str, ...]:
        """Those of `earlier_messages` that this session of the agent may not have."""
        known = self._transcript.acknowledged
        return tuple(one.body.text for one in self._earlier if (session, one.ref) not in known)

    async def start(self) -> None:
        """Start the agent: what was written until now is part of its task."""
        await self._read()
        for one in self._transcript.waiting:
            if self._still is not None and not one.is_nudge:
                await self._still.message(self._run, one)
        await self._read()
        await self._take(*(one.ref for one in self._transcript.waiting))
        self._earlier = tuple(one for one in self._transcript.messages if one.ref in self._transcript.taken)
        self._sent.append(tuple(one.ref for one in self._earlier))
        self._began = self._transcript.position

    async def end(self) -> None:
        """End the agent: its questions and approvals are no longer needed."""
        await self._read()
        why = "The agent ended before anybody decided."
        missing = [
            ev.QuestionWithdrawn(question=body.question, reason=why)
            if isinstance(body := request.body, ev.QuestionAsked)
            else ev.ApprovalWithdrawn(approval=body.approval, reason=why)
            for request in self._transcript.open_requests
        ]
        if missing:
            await self._record(self._run, *missing)

    async def next(self) -> AgentInput:
        """See the port. A database that does not answer is asked again: no agent is ended for that."""
        while True:
            if self._repeats:
                return self._repeats.popleft()
            try:
                body = await self._next_in_log()
            except StorageError as error:
                log.warning("inbox.unread", run=self._run, cause=str(error))
                await self._subscription.take_of(self._run, RETRY_S)
                continue
            if body is not None:
                return body

    async def _next_in_log(self) -> AgentInput | None:
        """What waits, after a change where nothing does; None where it has to be looked again."""
        if self._in_hand is None:
            await self._read()
            self._in_hand = self._first()
        if self._in_hand is None:
            await self._subscription.take_of(self._run, POLL_S)
            return None
        if self._slots is not None:
            await self._slots.regain(self._run)
        body = await self._hand_out(self._in_hand)
        self._in_hand = None
        return body

    def set_resting(self, *, is_resting: bool) -> None:
        """See the port."""
        if is_resting and not self._is_resting:
            self._subscription.mark([self._run])
        self._is_resting = is_resting

    async def has_more(self) -> bool:
        """See the port."""
        if self._repeats or self._in_hand is not None:
            return True
        await self._read()
        return self._first() is not None

    async def acknowledge(self, texts: int) -> None:
        """See the port. What a session acknowledges that it never named is told again."""
        refs = [ref for _ in range(min(texts, len(self._sent))) for ref in self._sent.popleft()]
        if self._session is None:
            return
        for first in range(0, len(refs), TAKEN_AT_ONCE):
            messages = tuple(str(ref) for ref in refs[first : first + TAKEN_AT_ONCE])
            await self._record(self._run, ev.InboxAcknowledged(said=messages, session=self._session))

    async def accept(self, body: ev.EventBody) -> ev.EventBody | None:
        """What the agent reports, as it goes into the log; None for what an earlier start asked with the same text.

        Then its message in Discord stands for this one too, and a decision that no agent has used is this one's; so is
        an answer that one has used, where this agent begins anew.
        """
        if isinstance(body, ev.SessionOpened):
            self._session = body.session
        if isinstance(body, ev.QuestionAsked | ev.ApprovalRequested):
            return await self._on_request(body)
        if isinstance(body, ev.QuestionWithdrawn | ev.ApprovalWithdrawn):
            return self._withdraw(body)
        return body

    async def earlier(self, question: ev.QuestionAsked) -> Ref | None:
        """The question of an earlier start that stands for this one, which is asked past the session; None: it is new.

        So is one of this start that has no answer yet, or whose answer was not passed on by `pass_on`.
        """
        await self._read()
        ref = self._answered_earlier(question) or self._transcript.same_as(question, besides=())
        if ref is not None:
            self._own.add(ref)
        return ref

    async def earlier_request(self, request: ev.ApprovalRequested) -> Ref | None:
        """The request that stands for this one, which is made past the session; None: it is new.

        It is open, or was decided since this start, and that was not passed on. What was decided before may have been
        acted on: an agent that is to be allowed once asks again.
        """
        await self._read()
        ref = self._transcript.same_as(request, besides=self._requested)
        found = self._transcript.requests[ref] if ref is not None else None
        if found is None or (found.decided is not None and found.decided_at <= self._began):
            return None
        return ref

    async def pass_on(self, ref: Ref) -> None:
        """Record that what was answered or decided past the session reaches its agent."""
        await self._read()
        self._own.add(ref)
        if ref not in self._transcript.taken:
            await self._take(ref)

    # -- requests ------------------------------------------------------------------------------------------------------

    async def _on_request(self, body: RequestEvent) -> RequestEvent | None:
        is_allowed = False
        if isinstance(body, ev.ApprovalRequested):
            body, is_allowed = await self._assess(self._run, body)
        await self._read()
        ref = self._answered_earlier(body) or self._transcript.same_as(body, besides=self._requested)
        if ref is not None:
            self._wait_for(ref, body)
            self._subscription.mark([self._run])
            return None
        if isinstance(body, ev.ApprovalRequested) and (is_allowed or await self._is_permitted(body)):
            if is_allowed:
                await self._skip(body)
            return None
        stored = body if ref_of(body) in self._requested else self._with_free_name(body)
        self._wait_for(ref_of(stored), body)
        return stored

    def _with_free_name(self, body: RequestEvent) -> RequestEvent:
        """The request under a name that none before it has: an agent may use its own again, also within one start."""
        name, stored, number = ref_of(body).name[: REF - 12], body, 1
        while ref_of(stored) in self._transcript.requests:
            stored = _named(body, f"{name}~{self._iteration}" if number == 1 else f"{name}~{self._iteration}.{number}")
            number += 1
        return stored

    def _answered_earlier(self, body: RequestEvent) -> Ref | None:
        """The question whose used answer is for this agent, too, since it begins anew: in the order of their asking."""
        if not self._starts_fresh or not isinstance(body, ev.QuestionAsked):
            return None
        return self._transcript.answered_earlier(body, besides=self._own)

    def _wait_for(self, ref: Ref, body: RequestEvent) -> None:
        self._requested[ref] = body
        self._own.add(ref)

    async def _is_permitted(self, body: ev.ApprovalRequested) -> bool:
        """Whether a person allowed this for the run; then the use is on disk before the agent gets its answer."""
        found = self._transcript.permission_for(body)
        if found is None:
            return False
        request, granted = found
        if self._still is not None and await self._still.approval(self._run, request) is not None:
            await self._read()
            return False
        await self._record(
            self._run, ev.ApprovalUsed(approval=granted.approval, title=body.title, command=body.command)
        )
        self._repeats.append(_named(granted, body.approval))
        self._subscription.mark([self._run])
        return True

    async def _skip(self, body: ev.ApprovalRequested) -> None:
        """Allow what no one needs to decide on; that is on disk before the agent gets its answer."""
        skipped = ev.ApprovalSkipped.model_validate(
            {"title": body.title, "command": body.command, "risk_class": body.risk_class, "because": body.because}
        )
        await self._record(self._run, skipped)
        self._repeats.append(ev.ApprovalGranted(approval=body.approval, by="Ompycord"))
        self._subscription.mark([self._run])

    def _withdraw(self, body: WithdrawalEvent) -> WithdrawalEvent:
        wanted = ref_of(body)
        for ref, requested in self._requested.items():
            if ref_of(requested) == wanted:
                del self._requested[ref]
                return _named(body, ref.name)
        return body

    # -- the log -------------------------------------------------------------------------------------------------------

    async def _read(self) -> None:
        self._transcript.add(await self._history.transcript(self._run, after=self._transcript.position))

    def _first(self) -> QueuedMessage | tuple[Ref, DecisionEvent] | None:
        """The oldest of what waits for this session."""
        found: list[tuple[int, QueuedMessage | tuple[Ref, DecisionEvent]]] = [
            (one.position, one) for one in self._transcript.waiting if self._is_resting or one.body.when != "next"
        ]
        for ref in self._requested:
            request = self._transcript.requests.get(ref)
            if request is not None and request.decided is not None:
                found.append((request.decided_at, (ref, request.decided)))
        return min(found, key=lambda one: one[0])[1] if found else None

    async def _hand_out(self, found: QueuedMessage | tuple[Ref, DecisionEvent]) -> AgentInput | None:
        """Record that it is taken, then return it; None where a person withdrew it before that was on disk."""
        if isinstance(found, QueuedMessage):
            if self._still is not None and not found.is_nudge and not await self._still.message(self._run, found):
                await self._read()
                return None
            await self._take(found.ref)
            if found.ref not in self._transcript.taken:
                return None
            self._sent.append((found.ref,))
            # Its text is that at the moment of taking: it may have been edited since it was found.
            # Who wrote it is nothing that an agent needs.
            return self._transcript.prompts[found.ref].body.model_copy(update={"person": None})
        ref, decided = found
        voided = None if self._still is None else await self._still.approval(self._run, self._transcript.requests[ref])
        await self._take(ref)
        if voided is not None and isinstance(decided, ev.ApprovalGranted):
            decided = ev.ApprovalDenied(approval=decided.approval, by="Ompycord", reason=voided)
        requested = self._requested.pop(ref, None)
        return _named(decided, ref_of(requested).name) if requested is not None else None

    async def _take(self, *refs: Ref) -> None:
        texts = tuple(str(ref) for ref in refs)
        for first in range(0, len(texts), TAKEN_AT_ONCE):
            await self._record(self._run, ev.InboxTaken(said=texts[first : first + TAKEN_AT_ONCE]))
        if texts:
            await self._read()


def _named(body: B, name: str) -> B:
    """The same request under another name."""
    return body.model_copy(update={"question" if hasattr(body, "question") else "approval": name})
