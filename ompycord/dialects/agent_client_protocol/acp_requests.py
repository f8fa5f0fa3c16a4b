"""What an agent asks of people over the Agent Client Protocol: permissions and forms, and the way back.

Part of `acp.py`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ompycord.dialects.agent_client_protocol.acp_form import ElicitationForm, is_single_choice
from ompycord.dialects.agent_client_protocol.acp_updates import AcpUpdates, Tool, content_text
from ompycord.dialects.frames import Frame, found, named, objects, one_line, prose, ref, string
from ompycord.dialects.oh_my_pi.omp_approvals import APPROVE, DENY, read_approval
from ompycord.dialects.protocol_session import Reaction, withdrawn
from ompycord.dialects.strict_json import JsonValue
from ompycord.dialects.tools import command_of, tool_title
from ompycord.domain.events import (
    ApprovalDenied,
    ApprovalGranted,
    ApprovalRequested,
    EventBody,
    Note,
    QuestionAnswered,
)

__all__ = ["AcpRequests", "answer"]

_OPEN: Final = 64
_EXPIRED: Final = "The agent no longer waits for it."
_ALLOW: Final = ("allow_once", "allow_always")
_REJECT: Final = ("reject_once", "reject_always")
_APPROVAL: Final = "Allow tool: "

Grant = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Permission:
    """A pending decision, and the frames to which it leads."""

    title: str
    grant: Grant | None
    yes: Frame
    no: Frame
    cancelled: Frame


def answer(id_: JsonValue, result: Frame) -> Frame:
    """A JSON-RPC response."""
    return {"jsonrpc": "2.0", "id": id_, "result": result}


class AcpRequests:
    """The requests that wait for a person, by our reference, and the approvals that were given for the run."""

    def __init__(self, *, updates: AcpUpdates, start: str, ask_next: Callable[[str], None]) -> None:
        self._ask_next = ask_next
        self._updates = updates
        self._start = start
        self._permissions: dict[str, _Permission] = {}
        self._fields: dict[str, tuple[ElicitationForm, str]] = {}
        self._granted: set[Grant] = set()

    @property
    def is_open(self) -> bool:
        """Whether a request waits for a person."""
        return bool(self._permissions or self._fields)

    def permission(self, id_: JsonValue, params: Frame) -> Reaction:
        """Take a `session/request_permission`."""
        call = found(params, "toolCall")
        known = self._updates.tool(string(call, "toolCallId"))
        title, text = _subject(call, known), _whole(call, known)
        kind = string(call, "kind") or known.kind
        grant: Grant = (kind, "" if kind == "edit" else text)
        one = _Permission(
            title=title,
            grant=grant if text or kind == "edit" else None,
            yes=_choice(id_, params, _ALLOW),
            no=_choice(id_, params, _REJECT),
            cancelled=_cancelled(id_),
        )
        return self._ask(ref("leave", self._start, str(id_)), one, text=text, risk=kind)

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
        if len(self._fields) + len(form.refs()) > _OPEN:
            return Reaction(send=(answer(id_, {"action": "cancel"}),))
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
        """Permit a call, once or for all calls like it in this run."""
        one = self._permissions.pop(received.approval, None)
        if one is None:
            return Reaction()
        if received.scope == "run" and one.grant:
            self._granted.add(one.grant)
        return Reaction(send=(one.yes,))

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
        approval = ref("leave", self._start, str(id_))
        fields = [key for key, (form, _) in self._fields.items() if form.id == id_]
        return Reaction(self._forget([approval, *fields]))

    def _forget(self, keys: list[str]) -> tuple[EventBody, ...]:
        return withdrawn(keys, self._permissions, self._fields, reason=_EXPIRED)

    def _omp_approval(self, id_: JsonValue, params: Frame) -> Reaction:
        """The approval that oh-my-pi asks for by a form, with the text of its RPC's dialog."""
        field = next(iter(found(params, "requestedSchema", "properties")))
        approval = read_approval(string(params, "message"), [])
        yes: Frame = {"action": "accept", "content": {field: APPROVE}}
        no: Frame = {"action": "accept", "content": {field: DENY}}
        one = _Permission(
            approval.title, approval.grant, answer(id_, yes), answer(id_, no), answer(id_, {"action": "cancel"})
        )
        return self._ask(ref("leave", self._start, str(id_)), one, text=approval.text or "", risk=approval.risk or "")

    def _ask(self, key: str, one: _Permission, *, text: str, risk: str) -> Reaction:
        if one.grant and one.grant in self._granted:
            return Reaction(send=(one.yes,))
        if len(self._permissions) >= _OPEN:
            return Reaction(send=(one.cancelled,))
        self._permissions[key] = one
        requested = ApprovalRequested(approval=key, title=one.title, command=text or None, risk=named(risk))
        return Reaction((*self._updates.finish_message(), requested))


def _subject(call: Frame, known: Tool) -> str:
    raw = found(call, "rawInput")
    title = one_line(string(call, "title")) or known.title or tool_title(raw, root="") or "a tool"
    is_named = known.name in {"tool", known.kind} or title.casefold().startswith(known.name.casefold())
    return title if is_named else one_line(f"{known.name}: {title}")


def _whole(call: Frame, known: Tool) -> str:
    """The whole text of what needs approval: the command, the diff, or the words of the request."""
    raw = found(call, "rawInput")
    if command := command_of(raw) or known.command:
        folder = string(raw, "cwd")
        return prose(f"{command}\n(in {folder})" if folder else command)
    if diff := string(raw, "diff"):
        return prose(diff)
    texts = [
        f"{string(one, 'path')}\n{string(one, 'newText')}"
        for one in objects(call, "content")
        if one.get("type") == "diff"
    ]
    return prose("\n\n".join(texts) or content_text(call) or string(raw, "content"))


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
