"""The Agent Client Protocol, version 1, from the client's side, as a protocol session; its adapter is `agents/acp.py`.

JSON-RPC by ourselves and not through the protocol's SDK: frames stay in order, and one that the SDK's schema refuses
can still be named in a note. The SDK is the oracle of the tests. The protocol cannot steer: a message in mid-turn is
the next prompt, and one for *now* interrupts the turn first. Parts: `acp_updates.py` (what the agent does),
`acp_requests.py` (people), `acp_session.py` (modes, models), `acp_history.py` (earlier turns).
"""

import json
from collections import deque
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from ompycord.dialects.agent_client_protocol.acp_history import ARE_YOU_QUIET, HistoryReplay
from ompycord.dialects.agent_client_protocol.acp_requests import AcpRequests, answer
from ompycord.dialects.agent_client_protocol.acp_session import Choice, SessionOptions, choices, opened, sign_in
from ompycord.dialects.agent_client_protocol.acp_updates import AcpUpdates
from ompycord.dialects.frames import Frame, boolean, count, dig, found, named, one_line, parse_frame, prose, ref, string
from ompycord.dialects.protocol_session import FileRequest, Reaction, UnknownFrames, dispatch
from ompycord.dialects.provider_refusals import ProviderRefusal, read_answer, read_refusal
from ompycord.dialects.strict_json import JsonValue
from ompycord.dialects.versions import version_note
from ompycord.domain.events import EventBody, Note, Prompted, SessionOpened, UsageUpdated
from ompycord.domain.ports import AgentInput, AgentOutcome
from ompycord.domain.run import EndedBy, FailureClass

__all__ = ["Acp"]

PROTOCOL: Final = 1
_MOST_WAITING: Final = 256
_SILENT: Final = frozenset({"_auth/status_update", "elicitation/complete"})
"""Notifications that are known and contain nothing that a card shows."""
_OF_THE_MODEL: Final = frozenset({"agent_message_chunk", "agent_thought_chunk", "tool_call", "plan", "plan_update"})
"""Updates that only a model makes that has read the prompt."""
_STOPS: Final[Mapping[str, tuple[str, FailureClass]]] = {
    "max_tokens": ("The model's answer was cut by its length limit.", FailureClass.REPAIRABLE),
    "max_turn_requests": ("The agent asked its model more often than it may in one turn.", FailureClass.REPAIRABLE),
    "refusal": ("The model refused to go on.", FailureClass.REPAIRABLE),
    "cancelled": ("The agent's turn was cancelled.", FailureClass.TRANSIENT),
}
_NO_TOOLS: Final = Note(
    text="This agent takes no MCP server over HTTP, so it works without Ompycord's tools: it cannot ask people by them."
)
_UNKNOWN_METHOD: Final = -32601


class Acp:
    """One session, a first prompt, and a prompt for every later message from people."""

    def __init__(self, *, prompt: str, root: str, options: SessionOptions, start: str = "") -> None:
        """`root` is the clone as the agent sees it, an absolute path.

        `start` distinguishes this start of the agent from others of its run: the protocol's numbers restart with every
        one.
        """
        self._root = root
        self._options = options
        self._next: deque[tuple[str, bool]] = deque([(prompt, True)], maxlen=_MOST_WAITING)
        """Texts that wait for their turn, and whether each came from people and is acknowledged to them."""
        self._unknown = UnknownFrames(agent="The agent")
        self._updates = AcpUpdates(root=root, unknown=self._unknown, known_usd=options.session_usd)
        self._history = HistoryReplay(updates=self._updates)
        self._handler = AcpRequests(updates=self._updates, root=root, start=start, ask_next=self._ask_next)
        self._waiting: dict[int, Callable[[Frame], Reaction]] = {}
        self._settings: deque[Choice] = deque()
        self._images: list[JsonValue] = []
        self._agent: Frame = {}
        self._session = ""
        self._is_working = self._is_resting = self._is_cut_short = False
        self._is_greeted = False
        self._is_acknowledged = True
        self._requests = 0
        self._now_ms = 0

    @property
    def awaits_person(self) -> bool:
        """See the protocol."""
        return self._handler.is_open

    @property
    def is_starting(self) -> bool:
        """See the protocol."""
        return not self._is_greeted

    def begin(self) -> Reaction:
        """See the protocol."""
        # Without `elicitation.form` omp silently denies itself what it would ask approval for
        # (docs/platform/agents.md, *Agent Client Protocol*).
        able: Frame = {"fs": {"readTextFile": False, "writeTextFile": False}, "elicitation": {"form": {}}}
        client: Frame = {"name": "ompycord", "version": "1"}
        hello: Frame = {"protocolVersion": PROTOCOL, "clientCapabilities": able, "clientInfo": client}
        return Reaction(rests=False) + self._request("initialize", hello, self._greeted)

    def skips(self, line: str) -> bool:
        """See the protocol."""
        return not line.strip()

    def on_line(self, line: str, *, now_ms: int) -> Reaction:
        """See the protocol."""
        self._now_ms = now_ms
        frame = parse_frame(line)
        if frame is None:
            return self._unknown.seen("a line that is no JSON object")
        method = string(frame, "method")
        if not method:
            return self._answered(frame)
        params = found(frame, "params")
        if "id" in frame:
            return self._on_request(frame["id"], method, params)
        if method == "session/update":
            return self._updated(params)
        if method == "$/cancel_request":
            return self._handler.withdrawn(dig(params, "requestId"))
        return Reaction() if method in _SILENT else self._unknown.seen(one_line(method, 64))

    def on_input(self, received: AgentInput) -> Reaction:
        """See the protocol."""
        return dispatch(received, prompted=self._prompt_next, handler=self._handler)

    def cut(self) -> tuple[EventBody, ...]:
        """See the protocol. Tokens come with the end of a turn only."""
        was_working, self._is_working = self._is_working, False
        return (UsageUpdated(at_least=True),) if was_working else ()

    def interrupt(self) -> Reaction:
        """See the protocol."""
        if not self._is_working:
            return Reaction()
        cancel: Frame = {"jsonrpc": "2.0", "method": "session/cancel", "params": {"sessionId": self._session}}
        frames, events = self._handler.cancelled()
        return Reaction(events, (cancel, *frames))

    def _prompt_next(self, received: Prompted) -> Reaction:
        """Send the next prompt; one for *now* interrupts the turn."""
        self._next.append((received.text, True))
        if self._is_resting:
            return self._prompt()
        if received.when != "now" or not self._is_working or self._is_cut_short:
            return Reaction()
        self._is_cut_short = True
        return self.interrupt()

    def _ask_next(self, text: str) -> None:
        self._next.append((text, False))

    # -- what we asked, and what came of it ----------------------------------------------------------------------------

    def _request(self, method: str, params: Frame, then: Callable[[Frame], Reaction]) -> Reaction:
        number, self._requests = self._requests, self._requests + 1
        self._waiting[number] = then
        return Reaction(send=({"jsonrpc": "2.0", "id": number, "method": method, "params": params},))

    def _answered(self, frame: Frame) -> Reaction:
        number = frame.get("id")
        then = self._waiting.pop(number, None) if isinstance(number, int) else None
        return then(frame) if then else self._unknown.seen("an answer to nothing that was asked")

    def _greeted(self, frame: Frame) -> Reaction:
        self._is_greeted = True
        if "result" not in frame or dig(frame, "result", "protocolVersion") != PROTOCOL:
            return _failed(
                f"The agent does not speak version {PROTOCOL} of the protocol{_reason(frame)}", FailureClass.ENV
            )
        self._agent = found(frame, "result")
        self._updates.counts_as(string(self._agent, "agentInfo", "name"))
        able = found(self._agent, "agentCapabilities")
        note = version_note(string(self._agent, "agentInfo", "name"), string(self._agent, "agentInfo", "version"))
        notes = (*((note,) if note else ()), *((_NO_TOOLS,) if self._options.lacks_tools(able) else ()))
        self._images = self._options.shown(able)
        place = self._options.place(self._root, able)
        session = self._options.session
        received = Reaction(notes)
        if session and "resume" in found(able, "sessionCapabilities"):
            return received + self._request("session/resume", place | {"sessionId": session}, self._resumed)
        if session:
            return received + self._load(session)
        return received + self._request("session/new", place, self._opened)

    def _resumed(self, frame: Frame) -> Reaction:
        """Take the answer to `session/resume`. Qwen Code offers it and does not know it, but can load a session."""
        if dig(frame, "error", "code") == _UNKNOWN_METHOD and self._options.session:
            return self._load(self._options.session)
        return self._opened(frame)

    def _load(self, session: str) -> Reaction:
        able = found(self._agent, "agentCapabilities")
        if not boolean(able, "loadSession"):
            return _failed("The agent cannot go on in an earlier session.", FailureClass.ENV)
        place = self._options.place(self._root, able) | {"sessionId": session}
        return self._request("session/load", place, self._opened)

    def _opened(self, frame: Frame) -> Reaction:
        if "result" not in frame:
            words = f"The agent opened no session{_reason(frame)}"
            refusal = _refusal(frame, self._now_ms)
            if refusal is None:
                return _failed(words, FailureClass.ENV)
            return _refused(refusal, words + (sign_in(self._agent) if refusal.mender == "person" else ""))
        state = found(frame, "result")
        self._session = string(state, "sessionId") or self._options.session or ""
        settings, notes = choices(state, self._session, mode=self._options.mode, model=self._options.model)
        self._settings.extend(settings)
        received = Reaction((opened(self._session, self._agent, state), *notes))
        if self._options.session is None:
            return received + self._prepare(frame)
        self._history.is_over()  # what came before the answer has arrived by now
        return received + self._listen()

    def _listen(self) -> Reaction:
        """Send the first prompt only after the agent has replayed all of its past."""
        return self._request(ARE_YOU_QUIET, {"sessionId": self._session}, self._was_quiet)

    def _was_quiet(self, frame: Frame) -> Reaction:
        return self._prepare({"result": {}}) if self._history.is_over() else self._listen()

    def _prepare(self, frame: Frame) -> Reaction:
        """Send the next setting, or the first prompt once all are made."""
        notes = () if "result" in frame else (Note(text=f"The agent did not take a setting{_reason(frame)}"),)
        if self._settings:
            choice = self._settings.popleft()
            return Reaction(notes) + self._request(choice.method, choice.params, partial(self._chose, choice))
        return Reaction(notes) + self._prompt()

    def _chose(self, choice: Choice, frame: Frame) -> Reaction:
        """Take the answer to a setting. A model that the agent took is the session's from now on."""
        if choice.model is None or "result" not in frame:
            return self._prepare(frame)
        return Reaction((SessionOpened(session=ref(self._session), model=named(choice.model)),)) + self._prepare(frame)

    def _prompt(self) -> Reaction:
        text, is_peoples = self._next.popleft()
        self._is_working, self._is_resting, self._is_acknowledged = True, False, not is_peoples
        blocks: list[JsonValue] = [{"type": "text", "text": text}, *self._images]
        self._images = []
        prompt: Frame = {"sessionId": self._session, "prompt": blocks}
        return Reaction(rests=False) + self._request("session/prompt", prompt, self._turn_ended)

    def _turn_ended(self, frame: Frame) -> Reaction:
        self._is_working, was_cut_short = False, self._is_cut_short
        self._is_cut_short = False
        _, expired = self._handler.cancelled()
        events = (*self._updates.turn_ended(found(frame, "result")), *expired)
        stop = string(frame, "result", "stopReason")
        received = Reaction(events, is_turn_over=True) + (self._acknowledge() if stop == "end_turn" else Reaction())
        words = prose(self._updates.last_message, 500).strip()
        answered = read_answer(words, now_ms=self._now_ms) if stop == "end_turn" and not was_cut_short else None
        if self._next and answered is None and (stop == "end_turn" or was_cut_short):
            return received + self._prompt()
        self._is_resting = True
        if answered is not None:
            return received + _refused(answered, words)
        if "result" not in frame:  # what fails a turn is what its model is asked by
            refusal = _refusal(frame, self._now_ms) or ProviderRefusal("time")
            return received + _refused(refusal, f"The agent's turn failed{_reason(frame)}")
        received += Reaction(rests=True)
        if stop != "end_turn":
            unknown = f"The agent's turn ended for a reason unknown here: {one_line(stop, 64)}."
            return received + _failed(*_STOPS.get(stop, (unknown, FailureClass.REPAIRABLE)))
        return received + Reaction(outcome=AgentOutcome(claim=True, message=words or None))

    # -- what the agent wants ------------------------------------------------------------------------------------------

    def _updated(self, params: Frame) -> Reaction:
        update = found(params, "update")
        if self._is_working:
            is_models = string(update, "sessionUpdate") in _OF_THE_MODEL
            return (self._acknowledge() if is_models else Reaction()) + self._updates.on_update(update)
        self._history.on_update(update)
        return Reaction()

    def _acknowledge(self) -> Reaction:
        """The model works on the prompt, so the session has it."""
        was_acknowledged, self._is_acknowledged = self._is_acknowledged, True
        return Reaction(acknowledged=0 if was_acknowledged else 1)

    def _on_request(self, id_: JsonValue, method: str, params: Frame) -> Reaction:
        match method:
            case "session/request_permission":
                return self._handler.permission(id_, params)
            case "elicitation/create":
                return self._handler.form(id_, params)
            case "fs/read_text_file":
                return Reaction(files=(_file_request(id_, params, content=None),))
            case "fs/write_text_file":
                return Reaction(files=(_file_request(id_, params, content=string(params, "content")),))
            case _:
                refused: Frame = {"code": _UNKNOWN_METHOD, "message": "Method not found"}
                no: Frame = {"jsonrpc": "2.0", "id": id_, "error": refused}
                return Reaction(send=(no,)) + self._unknown.seen(one_line(method, 64))


def _file_request(id_: JsonValue, params: Frame, *, content: str | None) -> FileRequest:
    def granted(text: str) -> Frame:
        return answer(id_, {"content": text} if content is None else {})

    def refused(why: str) -> Frame:
        return {"jsonrpc": "2.0", "id": id_, "error": {"code": -32000, "message": why}}

    line, limit = max(1, count(params, "line")), count(params, "limit")
    return FileRequest(string(params, "path"), granted, refused, content=content, line=line, limit=limit)


def _reason(frame: Frame) -> str:
    """The reason in an error, with the details that agents hide in its data."""
    data = dig(frame, "error", "data")
    details = data if isinstance(data, str) else string(data, "details") or string(data, "message")
    received = one_line(". ".join(part for part in (string(frame, "error", "message"), details) if part), 400)
    return f": {received}" if received else "."


def _refusal(frame: Frame, now_ms: int) -> ProviderRefusal | None:
    """The provider's refusal in an error. Gemini CLI gives the HTTP status as the error's code."""
    error = found(frame, "error")
    codes = (count(error, *path) for path in (("code",), ("data", "status"), ("data", "statusCode"), ("data", "code")))
    status = next((code for code in codes if code), None)
    return read_refusal(json.dumps(error, ensure_ascii=False), now_ms=now_ms, status=status)


def _refused(refusal: ProviderRefusal, words: str) -> Reaction:
    return Reaction(outcome=refusal.outcome(one_line(words)))


def _failed(message: str, failure: FailureClass) -> Reaction:
    outcome = AgentOutcome(claim=False, message=one_line(message), failure=failure, ended_by=EndedBy.TURN)
    return Reaction(outcome=outcome)
