"""Claude Code's stream-json with its control protocol, as a protocol session; its adapter is `agents/stream_json.py`.

A turn ends with a `result`. A message in mid-turn is the next turn's, and one for *now* interrupts the turn first: that
way every message has a result of its own. Parts: `claude_events.py`, `claude_requests.py`.
"""

from collections import deque
from collections.abc import Callable, Mapping
from typing import Final

from ompycord.dialects.claude_events import ClaudeEvents
from ompycord.dialects.claude_requests import ClaudeRequests
from ompycord.dialects.frames import (
    Frame,
    boolean,
    count,
    found,
    later,
    named,
    one_line,
    parse_frame,
    prose,
    ref,
    string,
)
from ompycord.dialects.protocol_session import Reaction, UnknownFrames, dispatch
from ompycord.dialects.provider_refusals import Mender, ProviderRefusal, read_answer, read_refusal
from ompycord.dialects.versions import version_note
from ompycord.domain.events import (
    EventBody,
    Note,
    Prompted,
    RetryCleared,
    RetryLimited,
    SessionOpened,
)
from ompycord.domain.ports import AgentInput, AgentOutcome
from ompycord.domain.run import EndedBy, FailureClass

__all__ = ["StreamJson"]

AGENT: Final = "claude"
_STREAMED: Final = ('{"type":"stream_event"', '{"type": "stream_event"')
_MOST_WAITING: Final = 256
_SILENT: Final = frozenset({
    "stream_event", "keep_alive", "tool_progress", "tool_use_summary", "auth_status", "prompt_suggestion",
    "streamlined_text",
})  # fmt: skip
"""Frames that are known and contain nothing that a card shows."""
_ERRORS: Final[Mapping[str, Mender]] = {
    "authentication_failed": "person",
    "billing_error": "money",
    "rate_limit": "time",
    "server_error": "time",
    "invalid_request": "person",
}
"""What mends an error of the provider, by the name that an `assistant` frame gives it; its words may say more."""
_CLIENT_ERRORS: Final = range(400, 500)
_SILENT_SYSTEM: Final = frozenset({
    "status", "compact_boundary", "hook_started", "hook_progress", "hook_response", "task_started", "task_progress",
    "task_notification", "task_updated", "files_persisted", "session_state_changed", "elicitation_complete",
    "local_command_output", "post_turn_summary",
})  # fmt: skip


class StreamJson:
    """One session, a first message, and a message for every later one from people."""

    def __init__(self, *, prompt: str, root: str) -> None:
        """`root` is the clone as the agent sees it, an absolute path."""
        self._next: deque[str] = deque([prompt], maxlen=_MOST_WAITING)
        self._unknown = UnknownFrames(agent="Claude Code")
        self._events = ClaudeEvents(root=root)
        self._handler = ClaudeRequests(root=root)
        self._session = ""
        self._is_working = self._is_cut_short = self._is_limited = False
        self._has_answered = self._is_acknowledged = False
        self._limited_until: int | None = None
        self._error = ""
        self._requests = 0
        self._table = self._frames()

    @property
    def awaits_person(self) -> bool:
        """See the protocol."""
        return self._handler.is_open

    @property
    def is_starting(self) -> bool:
        """See the protocol."""
        return not self._has_answered

    def begin(self) -> Reaction:
        """See the protocol."""
        return Reaction(send=(self._control({"subtype": "initialize", "hooks": None}),)) + self._prompt()

    def skips(self, line: str) -> bool:
        """See the protocol."""
        return line.startswith(_STREAMED) or not line.strip()

    def on_line(self, line: str, *, now_ms: int) -> Reaction:
        """See the protocol."""
        if self.skips(line):
            return Reaction()
        frame = parse_frame(line)
        if frame is None:
            return self._unknown.seen("a line that is no JSON object")
        self._has_answered = True
        kind = string(frame, "type")
        if kind in _SILENT:
            return Reaction()
        handler = self._table.get(kind)
        return handler(frame, now_ms) if handler else self._unknown.seen(one_line(kind, 64) or "no type")

    def on_input(self, received: AgentInput) -> Reaction:
        """See the protocol."""
        return dispatch(received, prompted=self._prompt_next, handler=self._handler)

    def cut(self) -> tuple[EventBody, ...]:
        """See the protocol."""
        was_working, self._is_working = self._is_working, False
        return self._events.cut() if was_working else ()

    def interrupt(self) -> Reaction:
        """See the protocol."""
        if not self._is_working:
            return Reaction()
        self._is_cut_short = True
        return Reaction(send=(self._control({"subtype": "interrupt"}),))

    def _frames(self) -> Mapping[str, Callable[[Frame, int], Reaction]]:
        """Every kind of frame that has a meaning, and what it leads to."""
        return {
            "system": self._system,
            "assistant": lambda frame, _: self._spoke(frame),
            "user": lambda frame, _: Reaction(self._events.results(frame)),
            "result": self._ended,
            "control_request": lambda frame, _: self._on_request(string(frame, "request_id"), found(frame, "request")),
            "control_cancel_request": lambda frame, _: self._handler.withdrawn(string(frame, "request_id")),
            "control_response": lambda frame, _: _refused(found(frame, "response")),
            "rate_limit_event": lambda frame, _: self._limits(found(frame, "rate_limit_info")),
        }

    def _control(self, request: Frame) -> Frame:
        self._requests += 1
        return {"type": "control_request", "request_id": f"ompycord-{self._requests}", "request": request}

    def _prompt_next(self, received: Prompted) -> Reaction:
        self._next.append(received.text)
        if not self._is_working:
            return self._prompt()
        if received.when != "now" or self._is_cut_short:
            return Reaction()
        return self.interrupt()

    def _prompt(self) -> Reaction:
        self._is_working, self._is_acknowledged = True, False
        message: Frame = {"role": "user", "content": self._next.popleft()}
        return Reaction(send=({"type": "user", "message": message},), rests=False)

    def _system(self, frame: Frame, now_ms: int) -> Reaction:
        kind = string(frame, "subtype")
        if kind == "init":
            return Reaction(self._opened(frame))
        if kind == "api_retry":
            self._is_limited = True
            limited = RetryLimited(
                message=one_line(string(frame, "error")) or None,
                attempt=count(frame, "attempt"),
                of=count(frame, "max_retries"),
                until=later(now_ms, count(frame, "retry_delay_ms")),
            )
            return Reaction((limited,))
        return Reaction() if kind in _SILENT_SYSTEM else self._unknown.seen(f"system {one_line(kind, 64)}")

    def _opened(self, frame: Frame) -> tuple[EventBody, ...]:
        """Every turn begins with this; a session opens once."""
        session = string(frame, "session_id")
        if not session or session == self._session:
            return ()
        self._session = session
        opened = SessionOpened(session=ref(session), agent=AGENT, model=named(string(frame, "model")))
        note = version_note(AGENT, string(frame, "claude_code_version"))
        return (opened, note) if note else (opened,)

    def _limits(self, info: Frame) -> Reaction:
        if string(info, "status") != "rejected":
            return Reaction()
        self._is_limited = True
        until = self._limited_until = later(0, 1000 * count(info, "resetsAt")) or None
        kind = one_line(string(info, "rateLimitType"), 64)
        return Reaction((RetryLimited(message=f"A limit of the provider is reached ({kind}).", until=until),))

    def _cleared(self) -> tuple[EventBody, ...]:
        was_limited, self._is_limited = self._is_limited, False
        return (RetryCleared(),) if was_limited else ()

    def _spoke(self, frame: Frame) -> Reaction:
        """Take an `assistant` frame. One that Claude Code made itself of an error of the provider names that."""
        error = string(frame, "error")
        self._error = error if error in _ERRORS else ""
        if not self._error:
            self._limited_until = None
        received = Reaction() if self._error else self._acknowledge()
        return received + Reaction((*self._cleared(), *self._events.assistant(frame)))

    def _acknowledge(self) -> Reaction:
        """The model works on the message, so the session has it."""
        was_acknowledged, self._is_acknowledged = self._is_acknowledged, True
        return Reaction(acknowledged=0 if was_acknowledged else 1)

    def _on_request(self, id_: str, request: Frame) -> Reaction:
        kind = string(request, "subtype")
        if kind == "can_use_tool" and id_:
            return self._handler.request(id_, request)
        error: Frame = {"subtype": "error", "request_id": id_, "error": "This client does not know such a request."}
        answer: Frame = {"type": "control_response", "response": error}
        return Reaction(send=(answer,)) + self._unknown.seen(f"control_request {one_line(kind, 64)}")

    def _ended(self, frame: Frame, now_ms: int) -> Reaction:
        self._is_working, was_cut_short = False, self._is_cut_short
        self._is_cut_short = False
        spent = self._events.spent(frame, was_cut=was_cut_short)
        events = (*self._cleared(), *spent, *self._handler.forget())
        received = Reaction(events, is_turn_over=True)
        is_done = string(frame, "subtype") == "success" and not boolean(frame, "is_error")
        words = prose(string(frame, "result"), 500).strip()
        refusal = None if was_cut_short else self._refusal(frame, words, now_ms, is_done=is_done)
        if refusal is None and self._next and (is_done or was_cut_short):
            return received + self._prompt()
        reason = one_line(string(frame, "subtype"), 64) or "no reason given"
        why = one_line(words) or f"Claude Code ended its turn: {reason}."
        if refusal is not None:
            return received + Reaction(outcome=refusal.outcome(why))
        received += Reaction(rests=True)
        if is_done:
            return received + Reaction(outcome=AgentOutcome(claim=True, message=words or None))
        failed = AgentOutcome(claim=False, message=why, failure=FailureClass.REPAIRABLE, ended_by=EndedBy.TURN)
        return received + Reaction(outcome=failed)

    def _refusal(self, frame: Frame, words: str, now_ms: int, *, is_done: bool) -> ProviderRefusal | None:
        """The provider's refusal, which Claude Code tells as an error, or as a success with the provider's words."""
        status = count(frame, "api_error_status")
        if is_done and not self._error:
            refusal = read_answer(words, now_ms=now_ms)
        else:
            refusal = read_refusal(f"{self._error} {words}", now_ms=now_ms, status=status)
            if refusal is None and (status or self._error):
                by_status: Mender = "person" if status in _CLIENT_ERRORS else "time"
                refusal = ProviderRefusal(_ERRORS.get(self._error, by_status))
        if refusal is None or refusal.until is not None or refusal.mender == "person":
            return refusal
        return ProviderRefusal(refusal.mender, self._limited_until)


def _refused(response: Frame) -> Reaction:
    """Take the response to one of our control requests: only a refusal is shown."""
    if string(response, "subtype") != "error":
        return Reaction()
    return Reaction((Note(text=f"Claude Code refused a request: {one_line(string(response, 'error'))}"),))
