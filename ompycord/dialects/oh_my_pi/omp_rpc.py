"""oh-my-pi's RPC (`omp --mode rpc-ui`), and pi's by a switch, as a protocol session.

Its adapter is `agents/omp_rpc.py`. Its parts: `omp_work.py` (begin and end), `omp_requests.py` (people),
`omp_events.py` (what it does).
"""

from collections.abc import Callable, Mapping
from typing import Final, Literal

from ompycord.dialects.frames import (
    Frame,
    boolean,
    count,
    found,
    later,
    named,
    objects,
    one_line,
    parse_frame,
    prose,
    ref,
    string,
)
from ompycord.dialects.oh_my_pi.omp_events import OmpTools, message_events, plan, tool_calls
from ompycord.dialects.oh_my_pi.omp_requests import ASK_HUMAN, OmpRequests
from ompycord.dialects.oh_my_pi.omp_work import OmpWork
from ompycord.dialects.protocol_session import Reaction, UnknownFrames, dispatch
from ompycord.domain.events import (
    EventBody,
    Message,
    Note,
    RetryCleared,
    RetryLimited,
    SessionOpened,
    UsageUpdated,
)
from ompycord.domain.ports import AgentInput

__all__ = ["OmpRpc"]

_STREAMED: Final = ('{"type":"message_update"', '{"type": "message_update"')
"""Each repeats the whole message so far: dropped before it is parsed."""

_SILENT: Final = frozenset({
    "ready", "turn_start", "turn_end", "message_start", "message_update", "tool_stream_update", "queue_update",
    "available_commands_update", "session_info_update", "config_update", "config_warnings_changed", "model_changed",
    "thinking_level_changed", "advisor_cost_changed", "advisor_yielded", "goal_updated", "todo_reminder",
    "todo_auto_clear",
    "ttsr_triggered", "irc_message", "auto_compaction_start", "compaction_start", "retry_fallback_succeeded",
    "subagent_lifecycle", "subagent_progress", "subagent_event", "host_uri_cancel",
})  # fmt: skip
"""Frames that are known and contain nothing that a card shows."""


class OmpRpc:
    """One session with one prompt."""

    def __init__(self, *, prompt: str, root: str, dialect: Literal["omp", "pi"] = "omp") -> None:
        """`root` is the clone as the agent sees it, an absolute path."""
        self._prompt = prompt
        self._agent: Literal["omp", "pi"] = dialect
        self._unknown = UnknownFrames(agent=dialect)
        self._handler = OmpRequests(agent=dialect, root=root, unknown=self._unknown)
        self._tools = OmpTools(root=root)
        self._work = OmpWork(agent=dialect, prompt=prompt)
        self._has_answered = False
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
        tools: Frame = {"id": "tools", "type": "set_host_tools", "tools": [ASK_HUMAN]}
        state: Frame = {"id": "state", "type": "get_state"}
        prompt: Frame = {"id": "prompt", "type": "prompt", "message": self._prompt}
        return Reaction(send=(tools, state, prompt) if self._agent == "omp" else (state, prompt), rests=False)

    def skips(self, line: str) -> bool:
        """See the protocol."""
        return line.startswith(_STREAMED)

    def on_line(self, line: str, *, now_ms: int) -> Reaction:
        """See the protocol."""
        if self.skips(line) or not line.strip():
            return Reaction()
        frame = parse_frame(line)
        if frame is None:
            return self._unknown.seen("a line that is no JSON object")
        self._has_answered = True
        expired = self._handler.expire(now_ms)
        kind = string(frame, "type")
        if kind in _SILENT:
            return expired
        received_total = self._table.get(kind)
        return expired + (
            received_total(frame, now_ms) if received_total else self._unknown.seen(one_line(kind, 64) or "no type")
        )

    def on_input(self, received: AgentInput) -> Reaction:
        """See the protocol."""
        return dispatch(received, prompted=self._work.prompt, handler=self._handler)

    def cut(self) -> tuple[EventBody, ...]:
        """See the protocol. Every message has told what it took; the one that is being written has not."""
        return (UsageUpdated(at_least=True),) if self._work.was_cut() else ()

    def interrupt(self) -> Reaction:
        """See the protocol."""
        return Reaction(send=({"id": "abort", "type": "abort"},))

    def _frames(self) -> Mapping[str, Callable[[Frame, int], Reaction]]:
        """Every kind of frame that has a meaning, and what it leads to."""
        tools, handler, work = self._tools, self._handler, self._work
        return {
            "response": self._response,
            "prompt_result": lambda frame, _: work.not_invoked(frame),
            "agent_start": lambda frame, _: work.started(),
            "agent_end": lambda frame, _: work.stopped(frame),
            "message_end": lambda frame, _: self._message(found(frame, "message")),
            "tool_execution_start": lambda frame, _: Reaction(tools.started(frame)),
            "tool_execution_update": lambda frame, _: Reaction(tools.on_progress(frame)),
            "tool_execution_end": lambda frame, _: Reaction(tools.ended(frame)),
            "extension_ui_request": handler.request,
            "host_tool_call": lambda frame, _: handler.host_tool(frame),
            "host_tool_cancel": lambda frame, _: handler.host_tool_cancelled(frame),
            "host_uri_request": lambda frame, _: Reaction(send=(_no_such_address(frame),)),
            "auto_retry_start": self._retry,
            "auto_retry_end": lambda frame, _: Reaction((RetryCleared(),)) + work.retries(continues=False),
            "auto_compaction_end": lambda frame, _: self._remark(frame, "errorMessage", "could not shorten its memory"),
            "compaction_end": lambda frame, _: self._remark(frame, "errorMessage", "could not shorten its memory"),
            "retry_fallback_applied": lambda frame, _: self._remark(frame, "to", "continues with another model"),
            "extension_error": lambda frame, _: self._remark(frame, "error", "has an extension that failed"),
            "rpc_frame_error": lambda frame, _: self._remark(frame, "error", "left out something too large to send"),
            "notice": lambda frame, _: self._notice(frame),
            "command_output": lambda frame, _: _message(string(frame, "text")),
        }

    def _message(self, message: Frame) -> Reaction:
        if string(message, "role") == "user":
            return self._work.has_message(message)
        if string(message, "role") != "assistant":  # a tool's result, which has a frame of its own
            return Reaction()
        self._work.spoke(message)
        self._handler.expect(tool_calls(message))
        return Reaction(message_events(message))

    def _response(self, frame: Frame, now_ms: int) -> Reaction:
        id_ = string(frame, "id")
        if id_ == "prompt":
            return self._work.prompted(frame)
        if id_.startswith("rest-"):
            return self._work.at_rest(frame, now_ms=now_ms)
        if id_.startswith(("say-", "why")):
            return self._work.on_response(frame)
        if not boolean(frame, "success"):
            return self._remark(frame, "error", f"refused {one_line(string(frame, 'command'), 64) or 'a command'}")
        return Reaction(self._opened(found(frame, "data"))) if id_ == "state" else Reaction()

    def _opened(self, state: Frame) -> tuple[EventBody, ...]:
        events: list[EventBody] = []
        if session := string(state, "sessionId"):
            model, provider = named(string(state, "model", "id")), named(string(state, "model", "provider"))
            events.append(SessionOpened(session=ref(session), agent=self._agent, model=model, provider=provider))
        if phases := objects(state, "todoPhases"):
            events.append(plan(phases))
        return tuple(events)

    def _retry(self, frame: Frame, now_ms: int) -> Reaction:
        limited = RetryLimited(
            message=one_line(string(frame, "errorMessage")) or None,
            attempt=count(frame, "attempt"),
            of=count(frame, "maxAttempts"),
            until=later(now_ms, count(frame, "delayMs")),
        )
        return Reaction((limited,)) + self._work.retries(continues=True)

    def _notice(self, frame: Frame) -> Reaction:
        return Reaction() if string(frame, "level") == "info" else self._remark(frame, "message", "says")

    def _remark(self, frame: Frame, field: str, what: str) -> Reaction:
        """A note about a text in the frame; none where it is empty."""
        text = prose(string(frame, field), 2000).strip()
        return Reaction((Note(text=f"{self._agent} {what}: {text}"),)) if text else Reaction()


def _message(text: str) -> Reaction:
    received = prose(text).strip()
    return Reaction((Message(text=received),)) if received else Reaction()


def _no_such_address(frame: Frame) -> Frame:
    return {"type": "host_uri_result", "id": string(frame, "id"), "isError": True, "error": "There is no such address."}
