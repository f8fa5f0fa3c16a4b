"""What our oh-my-pi extension posts: the extension events of omp (and pi) as they are; see `cli/integrations/omp.py`.

A session is a run, as with Claude Code; what its tools, messages and todo lists mean is read by `omp_events.py`.
"""

from collections.abc import Callable, Mapping
from typing import Final

from ompycord.dialects.frames import Frame, boolean, count, found, named, objects, one_line, prose, ref, string
from ompycord.dialects.hook_reading import HookReading, id_of_whole
from ompycord.dialects.oh_my_pi.omp_events import OmpTools, message_events, message_text
from ompycord.domain.events import (
    EventBody,
    FilesChanged,
    Note,
    RetryCleared,
    RetryLimited,
    RunFinished,
    RunStarted,
    SessionOpened,
)
from ompycord.text.titles import title_of

__all__ = ["read"]

_AGENT: Final = "omp"
_SILENT: Final = frozenset(
    {
        *("agent_start", "turn_start", "tool_call", "tool_result", "tool_execution_update", "input", "context"),
        *("message_start", "message_update", "message_end", "session_before_switch", "session_switch"),
        *("session_before_branch", "session_branch", "session_before_compact", "session_compact", "session_tree"),
        *("session_before_tree", "auto_compaction_start", "auto_compaction_end", "ttsr_triggered", "session_stop"),
        *("todo_reminder", "user_bash", "user_python", "resources_discover", "mcp_notification"),
        *("before_provider_request", "after_provider_response", "goal_updated", "credential_disabled"),
        *("retry_fallback_applied", "retry_fallback_succeeded", "session.compacting", "tool_approval_resolved"),
    }
)
"""Events that are known and contain nothing that a card shows, or nothing that another does not contain."""


def read(payload: Frame) -> HookReading:
    """The body of one post."""
    kind, data = one_line(string(payload, "event"), 64), found(payload, "data")
    reader = _READERS.get(kind)
    return HookReading(
        kind=kind or "an event without a name",
        events=reader(payload, data) if reader else (),
        session=named(string(payload, "session")),
        id=_id(kind, payload, data),
        begins=kind in {"session_start", "before_agent_start"},
        is_known=reader is not None or kind in _SILENT,
    )


def _id(kind: str, payload: Frame, data: Frame) -> str | None:
    """A message of the model has the millisecond in which it began."""
    if call := string(data, "toolCallId"):
        return f"{kind}:{call}"[:200]
    messages = [found(data, "message"), *objects(data, "messages")]
    return id_of_whole(kind, payload) if any(count(one, "timestamp") for one in messages) else None


def _opened(payload: Frame, data: Frame) -> tuple[EventBody, ...]:
    session = string(payload, "session")
    opened = (SessionOpened(session=ref(session)),) if session else ()
    return (RunStarted(agent=_AGENT), *opened)


def _approval(payload: Frame, data: Frame) -> tuple[EventBody, ...]:
    return _prompted(string(data, "prompt"))


def _using(payload: Frame, data: Frame) -> tuple[EventBody, ...]:
    return OmpTools(root=string(payload, "cwd")).started(data)


def _used(payload: Frame, data: Frame) -> tuple[EventBody, ...]:
    """The events of a used tool. One edit is not all that the run changed: see `hooks_claude.py`."""
    is_error = boolean(payload, "isError") or boolean(data, "isError")
    ended = OmpTools(root=string(payload, "cwd")).ended(data | {"isError": is_error})
    return tuple(body for body in ended if not isinstance(body, FilesChanged))


def _turned(payload: Frame, data: Frame) -> tuple[EventBody, ...]:
    message = found(data, "message")
    error = one_line(string(message, "errorMessage"), 400)
    return (*message_events(message), *((Note(text=f"The model: {error}"),) if error else ()))


def _rested(payload: Frame, data: Frame) -> tuple[EventBody, ...]:
    """The events of an agent at rest: its turns have the messages, but their prompt may be here alone."""
    prompt = next((one for one in objects(data, "messages") if one.get("role") == "user"), None)
    return _prompted(message_text(prompt)) if prompt else ()


def _waits(payload: Frame, data: Frame) -> tuple[EventBody, ...]:
    return (Note(text="omp waits for approval at its terminal."),)


def _limited(payload: Frame, data: Frame) -> tuple[EventBody, ...]:
    return (RetryLimited(message=one_line(string(data, "errorMessage")) or None),)


def _cleared(payload: Frame, data: Frame) -> tuple[EventBody, ...]:
    return (RetryCleared(),)


def _ended(payload: Frame, data: Frame) -> tuple[EventBody, ...]:
    return (RunFinished(),)


def _prompted(text: str) -> tuple[EventBody, ...]:
    """The prompt, where the payload has it."""
    prompt = prose(text).strip()
    return (RunStarted(agent=_AGENT, title=title_of(prompt) or None, prompt=prompt),) if prompt else ()


_READERS: Final[Mapping[str, Callable[[Frame, Frame], tuple[EventBody, ...]]]] = {
    "session_start": _opened,
    "before_agent_start": _approval,
    "tool_execution_start": _using,
    "tool_execution_end": _used,
    "tool_approval_requested": _waits,
    "turn_end": _turned,
    "agent_end": _rested,
    "auto_retry_start": _limited,
    "auto_retry_end": _cleared,
    "session_shutdown": _ended,
}
