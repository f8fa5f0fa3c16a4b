"""Claude Code's hooks (https://code.claude.com/docs/en/hooks), posted as they are.

The counterpart of `claude_events.py`. A session is a run: it starts with a prompt and ends with `SessionEnd`, not with
every answer (`Stop`).
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from ompycord.dialects.claude_events import ClaudeEvents
from ompycord.dialects.claude_requests import approval
from ompycord.dialects.frames import Frame, found, named, one_line, prose, ref, string
from ompycord.dialects.hook_reading import HookReading, id_of_whole
from ompycord.dialects.requests.open_requests import request_name
from ompycord.domain.events import (
    ApprovalRequested,
    EventBody,
    FilesChanged,
    Message,
    Note,
    RetryLimited,
    RunFinished,
    RunStarted,
    SessionOpened,
)
from ompycord.text.titles import title_of

__all__ = ["decision", "halt", "read"]

_AGENT: Final = "claude"
_SILENT: Final = frozenset(
    {
        *("PermissionRequest", "PostToolBatch", "SubagentStart", "SubagentStop", "TaskCreated"),
        *("TaskCompleted", "TeammateIdle", "PreCompact", "PostCompact", "InstructionsLoaded", "ConfigChange"),
        *("CwdChanged", "FileChanged", "WorktreeCreate", "WorktreeRemove", "Elicitation", "ElicitationResult", "Setup"),
        *("UserPromptExpansion", "MessageDisplay"),
    }
)
"""Hooks that are known and contain nothing that a card shows."""
_ENDS_CALL: Final = frozenset({"PostToolUse", "PostToolUseFailure", "PermissionDenied"})
_ENDS_TURN: Final = frozenset({"UserPromptSubmit", "Stop", "StopFailure"})
"""After these nothing of the turn before waits any more."""


def read(payload: Frame) -> HookReading:
    """The body of one hook."""
    kind = one_line(string(payload, "hook_event_name"), 64)
    session, call = named(string(payload, "session_id")), string(payload, "tool_use_id")
    reader = _READERS.get(kind)
    return HookReading(
        kind=kind or "a hook without a name",
        events=reader(payload) if reader else (),
        session=session,
        id=_id(kind, payload),
        begins=kind in {"SessionStart", "UserPromptSubmit"},
        request=_approval(payload) if kind == "PreToolUse" and call else None,
        if_denied=_used({**payload, "error": "Denied."}, ok=False) if kind == "PreToolUse" and call else (),
        overtakes=_name(call) if kind in _ENDS_CALL and call else "" if kind in _ENDS_TURN else None,
        is_known=reader is not None or kind in _SILENT,
    )


def _id(kind: str, payload: Frame) -> str | None:
    """The payload's id: a prompt has one id (`prompt_id`, seen in 2.1) and one answer, and a session starts once."""
    call, prompt, session = (string(payload, name) for name in ("tool_use_id", "prompt_id", "session_id"))
    if call and kind in {"PreToolUse", *_ENDS_CALL}:
        return f"{kind}:{call}"
    if prompt and kind == "UserPromptSubmit":
        return f"{kind}:{prompt}"
    if prompt and kind in {"Stop", "StopFailure"}:
        return id_of_whole(kind, payload)
    if session and kind == "SessionStart" and string(payload, "source") == "startup":
        return f"{kind}:{session}"
    return None


def _started(payload: Frame) -> tuple[EventBody, ...]:
    return (RunStarted(agent=_AGENT, model=named(string(payload, "model"))), *_session(payload))


def _prompted(payload: Frame) -> tuple[EventBody, ...]:
    prompt = prose(string(payload, "prompt"))
    started = RunStarted(agent=_AGENT, title=title_of(prompt) or None, prompt=prompt or None)
    return (started, *_session(payload))


def _noted(payload: Frame) -> tuple[EventBody, ...]:
    words = one_line(string(payload, "message"))
    return (Note(text=words),) if words else ()


def _rested(payload: Frame) -> tuple[EventBody, ...]:
    words = prose(string(payload, "last_assistant_message")).strip()
    return (Message(text=words),) if words else ()


def _refused(payload: Frame) -> tuple[EventBody, ...]:
    why = " ".join(filter(None, (string(payload, "error"), string(payload, "error_details"))))
    return (RetryLimited(message=one_line(why) or "The model could not be reached."),)


def _ended(payload: Frame) -> tuple[EventBody, ...]:
    return (RunFinished(),)


def _session(payload: Frame) -> tuple[EventBody, ...]:
    session = string(payload, "session_id")
    return (SessionOpened(session=ref(session)),) if session else ()


def _tool(payload: Frame) -> str:
    return named(string(payload, "tool_name")) or "tool"


def _name(call: str) -> str:
    """The name of the approval of a tool's use."""
    return request_name("leave", call)


def _approval(payload: Frame) -> ApprovalRequested:
    key = _name(string(payload, "tool_use_id"))
    return approval(key, _tool(payload), found(payload, "tool_input"), root=string(payload, "cwd"), is_hosted=False)


def _use(payload: Frame) -> Frame:
    """The tool's use, as a frame of `stream_json.py` would hold it."""
    arguments = found(payload, "tool_input")
    block: Frame = {"type": "tool_use", "id": payload.get("tool_use_id"), "name": _tool(payload), "input": arguments}
    return {"message": {"content": [block]}}


def _using(payload: Frame) -> tuple[EventBody, ...]:
    return ClaudeEvents(root=string(payload, "cwd")).assistant(_use(payload))


def _used(payload: Frame, *, ok: bool = True) -> tuple[EventBody, ...]:
    """The events of a used tool. One edit is not all that the run changed, so no list of files is made."""
    events = ClaudeEvents(root=string(payload, "cwd"))
    events.assistant(_use(payload))
    response = payload.get("tool_response")
    received = (
        string(payload, "error")
        or string(payload, "reason")
        or (response if isinstance(response, str) else _text(found(payload, "tool_response")))
    )
    block: Frame = {
        "type": "tool_result",
        "tool_use_id": payload.get("tool_use_id"),
        "is_error": not ok,
        "content": received,
    }
    frame: Frame = {"message": {"content": [block]}, "tool_use_result": response}
    return tuple(body for body in events.results(frame) if not isinstance(body, FilesChanged))


def _text(response: Frame) -> str:
    """The output of a command."""
    return string(response, "stdout") or string(response, "stderr")


def decision(verdict: str, reason: str) -> Frame:
    """The answer to a `PreToolUse` hook: `allow`, `deny`, or `ask`, which leaves it to the person at the terminal."""
    output: Frame = {
        "hookEventName": "PreToolUse",
        "permissionDecision": verdict,
        "permissionDecisionReason": one_line(reason),
    }
    return {"hookSpecificOutput": output}


def halt(reason: str) -> Frame:
    """The answer to any hook that ends the work of Claude Code, once its current step has ended."""
    return {"continue": False, "stopReason": one_line(reason)}


_READERS: Final[Mapping[str, Callable[[Frame], tuple[EventBody, ...]]]] = {
    "SessionStart": _started,
    "UserPromptSubmit": _prompted,
    "PreToolUse": _using,
    "PostToolUse": _used,
    "PostToolUseFailure": partial(_used, ok=False),
    "PermissionDenied": partial(_used, ok=False),
    "Notification": _noted,
    "Stop": _rested,
    "StopFailure": _refused,
    "SessionEnd": _ended,
}
