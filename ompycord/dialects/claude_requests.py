"""What Claude Code asks of people over its control protocol (`can_use_tool`), and the way back.

Part of `stream_json.py`.
"""

from dataclasses import dataclass
from typing import Final

from ompycord.dialects.frames import Frame, boolean, found, named, objects, one_line, string
from ompycord.dialects.options import Options, question
from ompycord.dialects.protocol_session import Reaction, withdrawn
from ompycord.dialects.requests.open_requests import OpenRequests, request_name
from ompycord.dialects.requests.tool_approval import RequestedCall, request_approval
from ompycord.dialects.tools import tool_title
from ompycord.domain.events import (
    ApprovalDenied,
    ApprovalGranted,
    ApprovalRequested,
    EventBody,
    QuestionAnswered,
)

__all__ = ["ClaudeRequests", "approval", "respond"]

_QUESTIONS: Final = 8
_EDITORS: Final = frozenset({"Write", "Edit", "MultiEdit", "NotebookEdit"})
"""Tools that change files."""
_EXPIRED: Final = "Claude Code no longer waits for it."


class _Form:
    """The questions of one request (`AskUserQuestion`) and the answers so far."""

    def __init__(self, id_: str, arguments: Frame) -> None:
        self.id = id_
        self.arguments = arguments
        self.requested: dict[str, tuple[Frame, Options]] = {}
        for number, one in enumerate(objects(arguments, "questions")[:_QUESTIONS]):
            labels = [string(option, "label") for option in objects(one, "options")]
            options = Options(labels, several=boolean(one, "multiSelect"))
            self.requested[request_name("question", id_, str(number))] = (one, options)
        self._answers: Frame = {}

    def events(self) -> tuple[EventBody, ...]:
        """The questions as events."""
        return tuple(_question(key, one, options) for key, (one, options) in self.requested.items())

    def answer(self, key: str, received: str) -> Frame | None:
        """Takes an answer; the response once all are there."""
        one, options = self.requested[key]
        is_several = boolean(one, "multiSelect")
        parts = options.pick_several(received) if is_several else [(received, options.pick(received))]
        picked = [value or part.strip() for part, value in parts]
        self._answers[string(one, "question")] = ", ".join(picked)
        if len(self._answers) < len({string(one, "question") for one, _ in self.requested.values()}):
            return None
        return _yes(self.id, {**self.arguments, "answers": self._answers})


@dataclass(frozen=True, slots=True)
class _ToolApproval:
    """A tool that waits for approval."""

    id: str
    arguments: Frame


def _question(key: str, one: Frame, options: Options) -> EventBody:
    details = [
        f"- {one_line(string(option, 'label'), 80)}: {text}"
        for option in objects(one, "options")
        if (text := one_line(string(option, "description")))
    ]
    if boolean(one, "multiSelect"):
        details.append("Several are possible, with commas between them.")
    return question(key, string(one, "question"), options, details=details)


def respond(id_: str, response: Frame) -> Frame:
    """A `control_response`."""
    return {"type": "control_response", "response": {"subtype": "success", "request_id": id_, "response": response}}


class ClaudeRequests:
    """The requests that are open, by our reference."""

    def __init__(self, *, root: str) -> None:
        self._root = root
        self._approval: dict[str, _ToolApproval] = {}
        self._forms: dict[str, _Form] = {}
        self._room = OpenRequests(agent="Claude Code")

    @property
    def is_open(self) -> bool:
        """Whether a request waits for a person."""
        return bool(self._approval or self._forms)

    def request(self, id_: str, request: Frame) -> Reaction:
        """Take a `can_use_tool`."""
        tool, arguments = string(request, "tool_name") or "a tool", found(request, "input")
        if not self._room.has_room(len(self._approval) + len(self._forms)):
            return Reaction(self._room.refused(one_line(tool)), (_no(id_, self._room.reason),))
        if tool == "AskUserQuestion" and objects(arguments, "questions"):
            form = _Form(id_, arguments)
            self._forms |= dict.fromkeys(form.requested, form)
            return Reaction(form.events())
        key = request_name("leave", id_)
        self._approval[key] = _ToolApproval(id_, arguments)
        requested = approval(key, tool, arguments, root=self._root, described=string(request, "description"))
        risk = named(string(request, "decision_reason"))
        return Reaction((requested.model_copy(update={"risk": risk}),))

    def answered(self, received: QuestionAnswered) -> Reaction:
        """Take a person's answer; one to a request that has ended changes nothing."""
        form = self._forms.pop(received.question, None)
        frame = form.answer(received.question, received.answer) if form else None
        return Reaction(send=(frame,) if frame else ())

    def granted(self, received: ApprovalGranted) -> Reaction:
        """Permit a call. What was allowed for the run is kept by the conductor, which then answers further requests."""
        one = self._approval.pop(received.approval, None)
        return Reaction(send=(_yes(one.id, one.arguments),)) if one else Reaction()

    def denied(self, received: ApprovalDenied) -> Reaction:
        """Deny a call; the model reads the reason."""
        one = self._approval.pop(received.approval, None)
        return Reaction(send=(_no(one.id, received.reason or "A person did not allow it."),)) if one else Reaction()

    def withdrawn(self, id_: str) -> Reaction:
        """Take a `control_cancel_request`."""
        keys = [key for key, one in (*self._approval.items(), *self._forms.items()) if one.id == id_]
        return Reaction(self._forget(keys))

    def forget(self) -> tuple[EventBody, ...]:
        """Forget all requests: the turn is over."""
        return self._forget([*self._approval, *self._forms])

    def _forget(self, keys: list[str]) -> tuple[EventBody, ...]:
        return withdrawn(keys, self._approval, self._forms, reason=_EXPIRED)


def approval(
    key: str, tool: str, arguments: Frame, *, root: str, described: str = "", is_hosted: bool = True
) -> ApprovalRequested:
    """The approval request of a waiting tool; `described` is its title where its arguments give none.

    `root` is the clone of a hosted run. Elsewhere there is none, so that permission for edits is for the very same one.
    """
    subject = tool_title(arguments, root=root) or one_line(described)
    call = RequestedCall(tool=tool, arguments=arguments, is_edit=is_hosted and tool in _EDITORS)
    return request_approval(key, call, title=f"{tool}: {subject}" if subject else tool, root=root)


def _yes(id_: str, arguments: Frame) -> Frame:
    return respond(id_, {"behavior": "allow", "updatedInput": arguments})


def _no(id_: str, why: str) -> Frame:
    return respond(id_, {"behavior": "deny", "message": why})
