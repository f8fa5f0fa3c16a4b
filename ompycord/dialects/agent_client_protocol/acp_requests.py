"""What an agent asks of people over the Agent Client Protocol: permissions and forms, and the way back.

Part of `acp.py`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ompycord.dialects.agent_client_protocol.acp_form import ElicitationForm, is_single_choice
from ompycord.dialects.agent_client_protocol.acp_updates import AcpUpdates, Tool, call_parts
from ompycord.dialects.frames import Frame, found, objects, one_line, string
from ompycord.dialects.oh_my_pi.omp_approvals import APPROVE, DENY, read_approval
from ompycord.dialects.protocol_session import Reaction, withdrawn
from ompycord.dialects.requests.open_requests import OpenRequests, request_name
from ompycord.dialects.requests.tool_approval import FileEdit, RequestedCall, request_approval
from ompycord.dialects.strict_json import JsonValue
from ompycord.dialects.tools import tool_title
from ompycord.domain.events import (
    ApprovalDenied,
    ApprovalGranted,
    ApprovalRequested,
    EventBody,
    Note,
    QuestionAnswered,
)

__all__ = ["AcpRequests", "answer"]

_EXPIRED: Final = "The agent no longer waits for it."
_ALLOW: Final = ("allow_once", "allow_always")
_REJECT: Final = ("reject_once", "reject_always")
_APPROVAL: Final = "Allow tool: "
_CALL: Final = frozenset({"title", "kind", "name", "rawInput", "content", "locations"})
"""Members of a tool call that have a place of their own in its request."""


@dataclass(frozen=True, slots=True)
class _Permission:
    """A pending decision, and the frames to which it leads."""

    title: str
    yes: Frame
    no: Frame
    cancelled: Frame


def answer(id_: JsonValue, result: Frame) -> Frame:
    """A JSON-RPC response."""
    return {"jsonrpc": "2.0", "id": id_, "result": result}


class AcpRequests:
    """The requests that wait for a person, by our reference."""

    def __init__(self, *, updates: AcpUpdates, root: str, start: str, ask_next: Callable[[str], None]) -> None:
        self._ask_next = ask_next
        self._updates = updates
        self._root = root
        self._start = start
        self._permissions: dict[str, _Permission] = {}
        self._fields: dict[str, tuple[ElicitationForm, str]] = {}
        self._room = OpenRequests(agent="The agent")

    @property
    def is_open(self) -> bool:
        """Whether a request waits for a person."""
        return bool(self._permissions or self._fields)

    def permission(self, id_: JsonValue, params: Frame) -> Reaction:
        """Take a `session/request_permission`."""
        known = self._updates.tool(string(params, "toolCall", "toolCallId"))
        call = {**known.call, **call_parts(found(params, "toolCall"))}
        title, kind = _subject(call, known), string(call, "kind") or known.kind
        wanted = request_approval(
            self._name(id_), _normalised(call, known, kind), title=title, root=self._root, risk=kind
        )
        yes, no = _choice(id_, params, _ALLOW), _choice(id_, params, _REJECT)
        return self._ask(wanted, _Permission(wanted.title, yes, no, _cancelled(id_)))

    def form(self, id_: JsonValue, params: Frame) -> Reaction:
        """Take an `elicitation/create`."""
        if string(params, "mode") == "url" or not found(params, "requestedSchema", "properties"):
            what = one_line(string(params, "url") or string(params, "message")) or "something this version cannot show"
            declined = answer(id_, {"action": "decline"})
            return Reaction(
                (Note(text=f"The agent wants a person to open or do something; it was declined: {what}"),), (declined,)
            )
        if string(params, "message").startswith(_APPROVAL) and is_single_choice(params, [APPROVE, DENY]):
            return self._omp_approval(id_, params)
        form = ElicitationForm(id_, params, start=self._start)
        if not self._room.has_room(self._waiting, len(form.refs())):
            return self._no_room(one_line(string(params, "message")), answer(id_, {"action": "cancel"}))
        self._fields |= {key: (form, name) for key, name in form.refs().items()}
        return Reaction(form.questions())

    def answered(self, received: QuestionAnswered) -> Reaction:
        """Take a person's answer; one to a request that has ended changes nothing."""
        form, name = self._fields.pop(received.question, (None, ""))
        if form is None:
            return Reaction()
        if not form.fill(name, received.answer):
            for key in form.refs():
                self._fields.pop(key, None)
            on_input = (
                f"The answer does not fit the field {one_line(name, 64)}, so the agent was told that no one answered."
            )
            return Reaction((Note(text=on_input),), (answer(form.id, {"action": "cancel"}),))
        if form.content is None:
            return Reaction()
        return Reaction(send=(answer(form.id, {"action": "accept", "content": form.content}),))

    def granted(self, received: ApprovalGranted) -> Reaction:
        """Permit a call. What was allowed for the run is kept by the conductor, which then answers further requests."""
        one = self._permissions.pop(received.approval, None)
        return Reaction(send=(one.yes,)) if one else Reaction()

    def denied(self, received: ApprovalDenied) -> Reaction:
        """Deny a call; the agent gets the reason as its next message, since its request has no room for one."""
        one = self._permissions.pop(received.approval, None)
        if one is None:
            return Reaction()
        if received.reason:
            self._ask_next(f"Not allowed ({one.title}): {received.reason}")
        return Reaction(send=(one.no,))

    def cancelled(self) -> tuple[tuple[Frame, ...], tuple[EventBody, ...]]:
        """The answers to all open requests when the turn is over or interrupted, and their withdrawals."""
        forms = {id(form): form for form, _ in self._fields.values()}
        frames = [one.cancelled for one in self._permissions.values()]
        frames += [answer(form.id, {"action": "cancel"}) for form in forms.values()]
        return tuple(frames), self._forget([*self._permissions, *self._fields])

    def withdrawn(self, id_: JsonValue) -> Reaction:
        """Note that the agent no longer waits for one of its requests."""
        fields = [key for key, (form, _) in self._fields.items() if form.id == id_]
        return Reaction(self._forget([self._name(id_), *fields]))

    @property
    def _waiting(self) -> int:
        return len(self._permissions) + len(self._fields)

    def _name(self, id_: JsonValue) -> str:
        return request_name("leave", self._start, str(id_))

    def _no_room(self, title: str, no: Frame) -> Reaction:
        """Refuse a request beyond the most that can wait; the agent gets the reason as its next message."""
        notes = self._room.refused(title)
        if notes:
            self._ask_next(self._room.reason)
        return Reaction(notes, (no,))

    def _forget(self, keys: list[str]) -> tuple[EventBody, ...]:
        return withdrawn(keys, self._permissions, self._fields, reason=_EXPIRED)

    def _omp_approval(self, id_: JsonValue, params: Frame) -> Reaction:
        """The approval that oh-my-pi asks for by a form, with the text of its RPC's dialog."""
        field = next(iter(found(params, "requestedSchema", "properties")))
        approval = read_approval(string(params, "message"), [])
        wanted = request_approval(
            self._name(id_), approval.call, title=approval.title, root=self._root, risk=approval.risk
        )
        yes: Frame = {"action": "accept", "content": {field: APPROVE}}
        no: Frame = {"action": "accept", "content": {field: DENY}}
        cancelled = answer(id_, {"action": "cancel"})
        return self._ask(wanted, _Permission(wanted.title, answer(id_, yes), answer(id_, no), cancelled))

    def _ask(self, wanted: ApprovalRequested, one: _Permission) -> Reaction:
        if not self._room.has_room(self._waiting):
            return self._no_room(wanted.title, one.cancelled)
        self._permissions[wanted.approval] = one
        return Reaction((*self._updates.finish_message(), wanted))


def _subject(call: Frame, known: Tool) -> str:
    """The headline: the agent's title, behind the tool's name where that says more than the title does."""
    title = " ".join(string(call, "title").split()) or known.title or tool_title(found(call, "rawInput"), root="")
    title = title or "a tool"
    is_named = known.name in {"tool", known.kind} or title.casefold().startswith(known.name.casefold())
    return title if is_named else f"{known.name}: {title}"


def _normalised(call: Frame, known: Tool, kind: str) -> RequestedCall:
    """The call without its id and progress: everything else that the agent said of it."""
    content = [part for part in objects(call, "content") if part.get("type") != "terminal"]
    diffs = [part for part in content if part.get("type") == "diff"]
    texts = [part for part in content if string(part, "content", "text")]
    raw = call.get("rawInput")
    others: list[JsonValue] = [part for part in content if part not in diffs and part not in texts]
    others += [{name: value} for name, value in call.items() if name not in _CALL]
    others += [] if raw is None or isinstance(raw, dict) else [raw]
    return RequestedCall(
        tool="" if known.name in {"tool", known.kind} else known.name,
        arguments=found(call, "rawInput"),
        title=string(call, "title"),
        kind=kind,
        diffs=tuple(FileEdit(string(one, "path"), string(one, "oldText"), string(one, "newText")) for one in diffs),
        remarks=tuple(string(part, "content", "text") for part in texts),
        paths=tuple(string(one, "path") for one in objects(call, "locations")),
        more=tuple(others),
        is_edit=kind == "edit",
        is_title_alone=not (raw or diffs),
    )


def _choice(id_: JsonValue, params: Frame, kinds: tuple[str, ...]) -> Frame:
    """The agent's own option for a decision; once rather than always, since only we know what a run is."""
    options = objects(params, "options")
    for kind in kinds:
        for option in options:
            if option.get("kind") == kind and string(option, "optionId"):
                return answer(id_, {"outcome": {"outcome": "selected", "optionId": string(option, "optionId")}})
    return _cancelled(id_)


def _cancelled(id_: JsonValue) -> Frame:
    return answer(id_, {"outcome": {"outcome": "cancelled"}})
