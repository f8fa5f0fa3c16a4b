"""What Claude Code asks of people over its control protocol (`can_use_tool`), and the way back.

Part of `stream_json.py`.
"""

import json
from dataclasses import dataclass
from typing import Final

from ompycord.dialects.frames import Frame, boolean, found, named, objects, one_line, prose, ref, string
from ompycord.dialects.options import Options, question
from ompycord.dialects.protocol_session import Reaction, withdrawn
from ompycord.dialects.tools import command_of, tool_title
from ompycord.domain.events import (
    ApprovalDenied,
    ApprovalGranted,
    ApprovalRequested,
    EventBody,
    QuestionAnswered,
)

__all__ = ["ClaudeRequests", "approval", "respond"]

_OPEN: Final = 64
_QUESTIONS: Final = 8
_EDITORS: Final = frozenset({"Write", "Edit", "MultiEdit", "NotebookEdit"})
"""Tools that change files: approval for the run covers all their calls. Any other tool's covers equal calls."""
_EXPIRED: Final = "Claude Code no longer waits for it."


class _Form:
    """The questions of one request (`AskUserQuestion`) and the answers so far."""

    def __init__(self, id_: str, arguments: Frame) -> None:
        self.id = id_
        self.arguments = arguments
        self.requested: dict[str, tuple[Frame, Options]] = {}
        for number, one in enumerate(objects(arguments, "questions")[:_QUESTIONS]):
            options = Options([string(option, "label") for option in objects(one, "options")])
            self.requested[ref("question", id_, str(number))] = (one, options)
        self._answers: Frame = {}

    def events(self) -> tuple[EventBody, ...]:
        """The questions as events."""
        return tuple(_question(key, one, options) for key, (one, options) in self.requested.items())

    def answer(self, key: str, received: str) -> Frame | None:
        """Takes an answer; the response once all are there."""
        one, options = self.requested[key]
        parts = received.split(",") if boolean(one, "multiSelect") else [received]
        picked = [options.pick(part) or part.strip() for part in parts]
        self._answers[string(one, "question")] = ", ".join(picked)
        if len(self._answers) < len({string(one, "question") for one, _ in self.requested.values()}):
            return None
        return _yes(self.id, {**self.arguments, "answers": self._answers})


@dataclass(frozen=True, slots=True)
class _ToolApproval:
    """A tool that waits for approval."""

    id: str
    arguments: Frame
    grant: tuple[str, str]


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
    """The requests that are open, by our reference, and the approvals that were given for the run."""

    def __init__(self, *, root: str) -> None:
        self._root = root
        self._approval: dict[str, _ToolApproval] = {}
        self._forms: dict[str, _Form] = {}
        self._granted: set[tuple[str, str]] = set()

    @property
    def is_open(self) -> bool:
        """Whether a request waits for a person."""
        return bool(self._approval or self._forms)

    def request(self, id_: str, request: Frame) -> Reaction:
        """Take a `can_use_tool`."""
        tool, arguments = named(string(request, "tool_name")) or "a tool", found(request, "input")
        if len(self._approval) + len(self._forms) >= _OPEN:
            return Reaction(send=(_no(id_, "Too many requests wait for an answer."),))
        if tool == "AskUserQuestion" and objects(arguments, "questions"):
            form = _Form(id_, arguments)
            self._forms |= dict.fromkeys(form.requested, form)
            return Reaction(form.events())
        grant = (tool, "" if tool in _EDITORS else json.dumps(arguments, sort_keys=True))
        if grant in self._granted:
            return Reaction(send=(_yes(id_, arguments),))
        key = ref("leave", id_)
        self._approval[key] = _ToolApproval(id_, arguments, grant)
        requested = approval(key, tool, arguments, root=self._root, described=string(request, "description"))
        risk = one_line(string(request, "decision_reason"), 128)
        return Reaction((requested.model_copy(update={"risk": risk or None}),))

    def answered(self, received: QuestionAnswered) -> Reaction:
        """Take a person's answer; one to a request that has ended changes nothing."""
        form = self._forms.pop(received.question, None)
        frame = form.answer(received.question, received.answer) if form else None
        return Reaction(send=(frame,) if frame else ())

    def granted(self, received: ApprovalGranted) -> Reaction:
        """Permit a call, once or for all calls like it in this run."""
        one = self._approval.pop(received.approval, None)
        if one is None:
            return Reaction()
        if received.scope == "run":
            self._granted.add(one.grant)
        return Reaction(send=(_yes(one.id, one.arguments),))

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


def approval(key: str, tool: str, arguments: Frame, *, root: str, described: str = "") -> ApprovalRequested:
    """The approval request of a waiting tool; `described` is its title where its arguments give none."""
    subject = tool_title(arguments, root=root) or one_line(described)
    title = one_line(f"{tool}: {subject}" if subject else tool)
    return ApprovalRequested(approval=key, title=title, command=_whole(arguments) or None)


def _whole(arguments: Frame) -> str:
    """The whole text of what needs approval: the command alone, or every argument by its name."""
    if command := command_of(arguments):
        return prose(command)
    lines = (f"{name}: {value if isinstance(value, str) else json.dumps(value)}" for name, value in arguments.items())
    return prose("\n".join(lines))


def _yes(id_: str, arguments: Frame) -> Frame:
    return respond(id_, {"behavior": "allow", "updatedInput": arguments})


def _no(id_: str, why: str) -> Frame:
    return respond(id_, {"behavior": "deny", "message": why})
