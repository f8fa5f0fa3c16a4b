"""What oh-my-pi asks of people over its RPC: questions, approvals of tools, and the way back; part of `omp_rpc.py`.

Its dialogs are `extension_ui_request` frames; those that ask for approval of a tool are read by `omp_approvals.py`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ompycord.dialects.frames import Frame, count, later, listed, one_line, prose, string
from ompycord.dialects.oh_my_pi.omp_approvals import APPROVE, DENY, is_approval, read_approval
from ompycord.dialects.options import Options, question
from ompycord.dialects.protocol_session import Reaction, UnknownFrames
from ompycord.dialects.requests.open_requests import OpenRequests, request_name
from ompycord.dialects.requests.tool_approval import request_approval
from ompycord.domain.events import (
    ApprovalDenied,
    ApprovalGranted,
    ApprovalWithdrawn,
    EventBody,
    Note,
    QuestionAnswered,
    QuestionWithdrawn,
)

__all__ = ["ASK_HUMAN", "OmpRequests"]

ASK_HUMAN: Final[Frame] = {
    "name": "ask_human",
    "label": "Ask the team",
    "description": "Ask the people who watch this run a question and wait for their answer.",
    "loadMode": "essential",
    "parameters": {
        "type": "object",
        "properties": {"question": {"type": "string"}, "options": {"type": "array", "items": {"type": "string"}}},
        "required": ["question"],
        "additionalProperties": False,
    },
}
"""The host tool we offer: unlike a tool of an MCP server it may take its time (omp cuts those at 30 s)."""
OTHER: Final = "Other (type your own)"
_SILENT: Final = frozenset({"setStatus", "setWidget", "setTitle", "set_editor_text"})
_YES, _NO = "Yes", "No"


@dataclass(frozen=True, slots=True)
class _Open:
    """A dialog that waits."""

    id: str
    method: str
    title: str
    options: Options | None = None
    has_other: bool = False
    until: int | None = None


class OmpRequests:
    """The dialogs that are open, by our reference."""

    def __init__(self, *, agent: str, root: str, unknown: UnknownFrames) -> None:
        self._agent = agent
        self._root = root
        self._room = OpenRequests(agent=agent)
        self._unknown = unknown
        self._open: dict[str, _Open] = {}
        self._calls: list[Frame] = []
        self._typed: tuple[str, str] | None = None

    @property
    def is_open(self) -> bool:
        """Whether a dialog waits for a person."""
        return bool(self._open)

    def expect(self, calls: list[Frame]) -> None:
        """Remember the tool calls of the agent's latest message: the next request concerns one of them."""
        self._calls = calls

    def request(self, frame: Frame, now_ms: int) -> Reaction:
        """Take an `extension_ui_request`."""
        method, id_ = string(frame, "method"), string(frame, "id")
        if method in _SILENT:
            return Reaction()
        if method == "notify":
            return _noted(f"{self._agent}: {string(frame, 'message')}")
        if method == "open_url":
            return _noted(f"{self._agent} wants a page opened: {string(frame, 'url')}")
        if method == "cancel":
            return self._withdraw(lambda one: one.id == string(frame, "targetId"))
        if method not in {"select", "confirm", "input", "editor"} or not id_:
            return self._unknown.seen(f"extension_ui_request {one_line(method, 64)}")
        if not self._room.has_room(len(self._open)):
            return self._no_room(string(frame, "title"), _cancelled(id_))
        delay = count(frame, "timeout")
        until = later(now_ms, delay) if delay else None
        if method == "select" and is_approval(frame):
            return self._ask_approval(frame, id_, until)
        return self._ask(frame, _Open(id=id_, method=method, title=string(frame, "title"), until=until))

    def host_tool(self, frame: Frame) -> Reaction:
        """Take a `host_tool_call`: our `ask_human`."""
        id_, text = string(frame, "id"), string(frame, "arguments", "question")
        if not self._room.has_room(len(self._open)):
            no = _tool_result(id_, self._room.reason, failed=True)
            return Reaction(self._room.refused(one_line(text)), (no,))
        if string(frame, "toolName") != ASK_HUMAN["name"] or not text:
            return Reaction(
                send=(_tool_result(id_, "There is no such tool, or it was given no question.", failed=True),)
            )
        options = Options([one for one in listed(frame, "arguments", "options") if isinstance(one, str)])
        name = request_name("ask", id_)
        self._open[name] = _Open(id=id_, method="host_tool", title=text, options=options)
        return Reaction((question(name, text, options),))

    def host_tool_cancelled(self, frame: Frame) -> Reaction:
        """Take a `host_tool_cancel`."""
        return self._withdraw(lambda one: one.id == string(frame, "targetId"))

    def answered(self, received: QuestionAnswered) -> Reaction:
        """Take a person's answer; one to a request that has ended changes nothing."""
        one = self._open.pop(received.question, None)
        if one is None:
            return Reaction()
        picked = one.options.pick(received.answer) if one.options else None
        if one.method == "host_tool":
            return Reaction(send=(_tool_result(one.id, picked or received.answer),))
        if one.method == "confirm":
            return Reaction(send=(_response(one.id, confirmed=received.answer == _YES),))
        if one.method != "select" or picked is not None:
            return Reaction(send=(_response(one.id, value=received.answer if picked is None else picked),))
        if one.has_other:
            self._typed = (one.title, received.answer)
            return Reaction(send=(_response(one.id, value=OTHER),))
        on_input = f"The answer is not one of the choices, so {self._agent} was told that no one chose."
        return Reaction((Note(text=on_input),), (_cancelled(one.id),))

    def granted(self, received: ApprovalGranted) -> Reaction:
        """Permit a call. What was allowed for the run is kept by the conductor, which then answers further requests."""
        one = self._open.pop(received.approval, None)
        return Reaction(send=(_response(one.id, value=APPROVE),)) if one else Reaction()

    def denied(self, received: ApprovalDenied) -> Reaction:
        """Deny a call. The agent reads the reason as a message from people, since its dialog has no room for one."""
        one = self._open.pop(received.approval, None)
        if one is None:
            return Reaction()
        no = _response(one.id, value=DENY)
        if not received.reason:
            return Reaction(send=(no,))
        why: Frame = {"id": "why", "type": "steer", "message": f"Not allowed ({one.title}): {received.reason}"}
        return Reaction(send=(no, why))

    def expire(self, now_ms: int) -> Reaction:
        """Withdraw dialogs whose time has run out: the agent answered them itself."""
        if not any(one.until is not None for one in self._open.values()):
            return Reaction()
        return self._withdraw(lambda one: one.until is not None and one.until <= now_ms)

    def _ask_approval(self, frame: Frame, id_: str, until: int | None) -> Reaction:
        approval = read_approval(string(frame, "title"), self._calls)
        name = request_name("leave", id_)
        wanted = request_approval(name, approval.call, title=approval.title, root=self._root, risk=approval.risk)
        self._open[name] = _Open(id=id_, method="leave", title=wanted.title, until=until)
        return Reaction((wanted,))

    def _no_room(self, title: str, no: Frame) -> Reaction:
        """Refuse a dialog beyond the most that can wait; the agent reads the reason as a message from people."""
        notes = self._room.refused(one_line(title))
        why: Frame = {"id": "why", "type": "steer", "message": self._room.reason}
        return Reaction(notes, (no, why) if notes else (no,))

    def _ask(self, frame: Frame, one: _Open) -> Reaction:
        name = request_name("question", one.id)
        if one.method == "editor" and self._typed and self._typed[0] in one.title:
            (_, text), self._typed = self._typed, None
            return Reaction(send=(_response(one.id, value=text),))
        details: list[str] = []
        free_text = True
        if one.method == "confirm":
            details, free_text = [string(frame, "message")], False
            one = _Open(one.id, one.method, one.title, Options([_YES, _NO]), until=one.until)
        elif one.method == "select":
            values = [value for value in listed(frame, "options") if isinstance(value, str)]
            details, free_text = _described(frame, values), OTHER in values
            options = Options([value for value in values if value != OTHER])
            one = _Open(one.id, one.method, one.title, options, has_other=free_text, until=one.until)
        elif one.method == "editor" and (prefill := string(frame, "prefill")):
            details = [prefill]
        self._open[name] = one
        return Reaction((question(name, one.title, one.options, details=details, free_text=free_text),))

    def _withdraw(self, which: Callable[[_Open], bool]) -> Reaction:
        withdrawn = {name: one for name, one in self._open.items() if which(one)}
        for name in withdrawn:
            del self._open[name]
        return Reaction(tuple(self._withdrawn(name, one) for name, one in withdrawn.items()))

    def _withdrawn(self, name: str, one: _Open) -> EventBody:
        if one.method == "leave":
            return ApprovalWithdrawn(approval=name, reason=f"{self._agent} no longer waits for approval.")
        return QuestionWithdrawn(question=name, reason=f"{self._agent} no longer waits for an answer.")


def _described(frame: Frame, values: list[str]) -> list[str]:
    """A line for every option that has a description."""
    lines: list[str] = []
    for index, value in enumerate(values):
        if text := one_line(string(frame, "optionDetails", index, "description")):
            lines.append(f"- {one_line(value, 80)}: {text}")
    return lines


def _noted(text: str) -> Reaction:
    return Reaction((Note(text=prose(text, 2000) or "(no text)"),))


def _response(id_: str, *, value: str | None = None, confirmed: bool | None = None) -> Frame:
    received: Frame = {"value": value} if confirmed is None else {"confirmed": confirmed}
    return {"type": "extension_ui_response", "id": id_, **received}


def _cancelled(id_: str) -> Frame:
    return {"type": "extension_ui_response", "id": id_, "cancelled": True}


def _tool_result(id_: str, text: str, *, failed: bool = False) -> Frame:
    result: Frame = {"content": [{"type": "text", "text": text}]}
    return {"type": "host_tool_result", "id": id_, "result": result, **({"isError": True} if failed else {})}
