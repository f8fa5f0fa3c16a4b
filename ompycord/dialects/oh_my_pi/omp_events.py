"""What oh-my-pi and pi do, as events: messages, tools, plan, usage, retries; part of `omp_rpc.py`."""

from collections.abc import Mapping
from typing import Final, Literal

from ompycord.dialects.changes import FileChanges
from ompycord.dialects.frames import (
    Frame,
    boolean,
    count,
    dig,
    found,
    money,
    named,
    objects,
    one_line,
    prose,
    ref,
    string,
)
from ompycord.dialects.tools import diff_counts, last_line, prints_of, tool_title
from ompycord.domain.events import (
    EventBody,
    Message,
    Phase,
    PlanUpdated,
    Step,
    ToolFinished,
    ToolProgress,
    ToolStarted,
    UsageUpdated,
)

__all__ = ["OmpTools", "message_events", "message_text", "plan", "tool_calls"]

Status = Literal["pending", "active", "done", "failed", "skipped"]

_PHASES: Final = 25
_STEPS: Final = 50
_CALLS: Final = 1000
_STATUS: Final[Mapping[str, Status]] = {
    "pending": "pending",
    "in_progress": "active",
    "completed": "done",
    "abandoned": "skipped",
    "blocked": "pending",
}


def message_text(message: Frame) -> str:
    """The text of a message or of a tool's result, without its thoughts, pictures and calls."""
    content = dig(message, "content")
    if isinstance(content, str):
        return content
    parts = (string(part, "text") for part in objects(message, "content") if part.get("type") == "text")
    return "\n".join(part for part in parts if part)


def tool_calls(message: Frame) -> list[Frame]:
    """The calls in an assistant's message."""
    return [part for part in objects(message, "content") if part.get("type") == "toolCall"]


def message_events(message: Frame) -> tuple[EventBody, ...]:
    """What an assistant wrote, and what writing it cost."""
    events: list[EventBody] = []
    if text := prose(message_text(message)).strip():
        events.append(Message(text=text))
    if usage := _usage(message):
        events.append(usage)
    return tuple(events)


def _usage(message: Frame) -> UsageUpdated | None:
    """A message's own tokens: already a delta. A cost of nothing for tokens means that no price is known."""
    usage = found(message, "usage")
    tokens = [count(usage, name) for name in ("input", "output", "cacheRead", "cacheWrite")]
    if not any(tokens):
        return None
    return UsageUpdated(
        input=tokens[0],
        output=tokens[1],
        cache_read=tokens[2],
        cache_write=tokens[3],
        cost_usd=money(usage, "cost", "total") or None,
        model=named(string(message, "model")),
        provider=named(string(message, "provider")),
    )


def plan(phases: list["Frame"]) -> PlanUpdated:
    """Its todo phases; what exceeds an event is left out at the end."""
    return PlanUpdated(phases=tuple(_phase(phase) for phase in phases[:_PHASES]))


def _phase(phase: Frame) -> Phase:
    tasks = objects(phase, "tasks")
    steps = tuple(_step(task) for task in tasks[:_STEPS])
    return Phase(title=one_line(string(phase, "name")), status=_overall([step.status for step in steps]), steps=steps)


def _step(task: Frame) -> Step:
    title = one_line(string(task, "content"))
    if string(task, "status") == "blocked":
        title = one_line(f"{title} (blocked: {string(task, 'blocker') or 'no reason given'})")
    return Step(title=title, status=_STATUS.get(string(task, "status"), "pending"))


def _overall(statuses: list[Status]) -> Status:
    if statuses and all(status in {"done", "skipped"} for status in statuses):
        return "done"
    return "active" if any(status in {"active", "done"} for status in statuses) else "pending"


class OmpTools:
    """The tools that run, and the files they changed."""

    def __init__(self, *, root: str) -> None:
        self._root = root
        self._titles: dict[str, str | None] = {}
        self._arguments: dict[str, Frame] = {}
        self._latest = ("", "")
        self._changes = FileChanges(root=root)

    def started(self, frame: Frame) -> tuple[EventBody, ...]:
        """A `tool_execution_start`."""
        call, arguments = string(frame, "toolCallId"), found(frame, "args")
        title = tool_title(arguments, root=self._root)
        if call and len(self._titles) < _CALLS:
            self._titles[call], self._arguments[call] = title, arguments
        return (ToolStarted(tool=_tool(frame), title=title, call=ref(call) if call else None),)

    def on_progress(self, frame: Frame) -> tuple[EventBody, ...]:
        """A `tool_execution_update`."""
        call, text = string(frame, "toolCallId"), last_line(message_text(found(frame, "partialResult")))
        if not call or not text or self._latest == (call, text):
            return ()
        self._latest = (call, text)
        return (ToolProgress(call=ref(call), text=text),)

    def ended(self, frame: Frame) -> tuple[EventBody, ...]:
        """A `tool_execution_end`: the tool, and the plan or the files it changed."""
        call, result = string(frame, "toolCallId"), found(frame, "result")
        title, known = self._titles.pop(call, None), self._arguments.pop(call, None)
        arguments: Frame = known or {}
        ok = not boolean(frame, "isError")
        added, removed = _counts(_tool(frame), arguments, result) if ok else (None, None)
        reports = not ok or _tool(frame) == "bash"
        finished = ToolFinished(
            tool=_tool(frame),
            title=title,
            call=ref(call) if call else None,
            ok=ok,
            detail=last_line(message_text(result)) if reports else None,
            added=added,
            removed=removed,
            prints=prints_of(_tool(frame), arguments, message_text(result)) if known is not None else None,
        )
        return finished, *(self._consequences(_tool(frame), arguments, result, added, removed) if ok else ())

    def _consequences(
        self, tool: str, arguments: Frame, result: Frame, added: int | None, removed: int | None
    ) -> tuple[EventBody, ...]:
        if tool == "todo":
            return (plan(objects(result, "details", "phases")),) if "phases" in found(result, "details") else ()
        if added is None or removed is None:
            return ()
        files = objects(result, "details", "perFileResults")
        changed = None
        for one in files or [found(result, "details")]:
            plus, minus = diff_counts(string(one, "diff")) if files else (added, removed)
            path = string(one, "resolvedPath") or string(one, "path") or string(arguments, "path")
            changed = self._changes.edited(path, added=plus, removed=minus) or changed
        return (changed,) if changed else ()


def _tool(frame: Frame) -> str:
    return named(string(frame, "toolName")) or "tool"


def _counts(tool: str, arguments: Frame, result: Frame) -> tuple[int | None, int | None]:
    """Lines that a successful edit added and removed; none for a tool that edits nothing."""
    if diff := string(result, "details", "diff"):
        return diff_counts(diff)
    if tool == "write" and (content := string(arguments, "content")):
        return len(content.splitlines()), 0
    return None, None
