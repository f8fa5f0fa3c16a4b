"""What Claude Code does, as events: messages, tools, plan, files, usage; part of `stream_json.py`."""

from collections.abc import Mapping
from typing import Final, Literal

from ompycord.dialects.changes import FileChanges
from ompycord.dialects.frames import (
    Frame,
    boolean,
    count,
    found,
    listed,
    money,
    named,
    objects,
    one_line,
    prose,
    ref,
    string,
)
from ompycord.dialects.tools import last_line, prints_of, tool_title
from ompycord.domain.events import (
    EventBody,
    Message,
    Phase,
    PlanUpdated,
    ToolFinished,
    ToolStarted,
    UsageUpdated,
)

__all__ = ["ClaudeEvents"]

Status = Literal["pending", "active", "done", "failed", "skipped"]
Tokens = tuple[int, int, int, int]

_PHASES: Final = 25
_CALLS: Final = 1000
_MODELS: Final = 50
_STATUS: Final[Mapping[str, Status]] = {"pending": "pending", "in_progress": "active", "completed": "done"}
_MESSAGES: Final = 10_000
_MOST: Final = 2**53
"""What an event can count (`domain/events/fields.py`)."""
_MESSAGE_TOKENS: Final = ("input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
_TOKENS: Final = ("inputTokens", "outputTokens", "cacheReadInputTokens", "cacheCreationInputTokens")


class ClaudeEvents:
    """The running tools, the files they changed, and the totals reported so far."""

    def __init__(self, *, root: str) -> None:
        self._root = root
        self._calls: dict[str, tuple[str, str | None, Frame]] = {}
        self._changes = FileChanges(root=root)
        self._totals: dict[str, tuple[Tokens, float]] = {}
        self._of_messages: dict[str, Tokens] = {}
        """What each message of this turn took, as far as it is known: its last tokens are only told with the result."""

    def assistant(self, frame: Frame) -> tuple[EventBody, ...]:
        """Events of an `assistant` frame: one block of a message each.

        Messages of the agent's helpers are not shown.
        """
        events: list[EventBody] = []
        self._count_message(found(frame, "message"))
        is_helpers = bool(string(frame, "parent_tool_use_id"))
        for block in objects(frame, "message", "content"):
            text = prose(string(block, "text")).strip()
            if block.get("type") == "text" and text and not is_helpers:
                events.append(Message(text=text))
            elif block.get("type") == "tool_use":
                events += self._used(block)
        return tuple(events)

    def results(self, frame: Frame) -> tuple[EventBody, ...]:
        """Events of a `user` frame: the results of tools, each in a frame of its own."""
        events: list[EventBody] = []
        for block in objects(frame, "message", "content"):
            if block.get("type") == "tool_result":
                events += self._ended(block, found(frame, "tool_use_result"))
        return tuple(events)

    def spent(self, frame: Frame, *, was_cut: bool = False) -> tuple[EventBody, ...]:
        """Events of a `result` frame: the process's totals by model, converted to differences.

        docs/contracts/events.md, *Usage*. The totals of a turn that was cut leave out the message in the midst of which
        that happened.
        """
        usage = found(frame, "modelUsage")
        added = [event for model in list(usage)[:_MODELS] if (event := self._added(model, found(usage, model)))]
        totals = [
            sum(getattr(event, name) for event in added) for name in ("input", "output", "cache_read", "cache_write")
        ]
        more = self.cut(beyond=(totals[0], totals[1], totals[2], totals[3]))
        return (*added, *more) if was_cut else tuple(added)

    def cut(self, *, beyond: Tokens = (0, 0, 0, 0)) -> tuple[EventBody, ...]:
        """The event for a turn that was cut: what its messages took `beyond` what is known, and that there was more."""
        taken = [sum(tokens) for tokens in zip(*self._of_messages.values(), strict=True)] or [0, 0, 0, 0]
        self._of_messages.clear()
        rest = [min(max(0, total - known), _MOST) for total, known in zip(taken, beyond, strict=True)]
        more = UsageUpdated(input=rest[0], output=rest[1], cache_read=rest[2], cache_write=rest[3], at_least=True)
        return (more,)

    def _count_message(self, message: Frame) -> None:
        """One message comes in several frames, a block each, and each has the message's usage so far."""
        id_, usage = string(message, "id"), found(message, "usage")
        if id_ and usage and (id_ in self._of_messages or len(self._of_messages) < _MESSAGES):
            counts = [count(usage, name) for name in _MESSAGE_TOKENS]
            self._of_messages[id_] = (counts[0], counts[1], counts[2], counts[3])

    def _used(self, block: Frame) -> list[EventBody]:
        call, tool, arguments = string(block, "id"), _tool(block), found(block, "input")
        title = tool_title(arguments, root=self._root)
        if call and len(self._calls) < _CALLS:
            self._calls[call] = (tool, title, arguments)
        events: list[EventBody] = [ToolStarted(tool=tool, title=title, call=ref(call) if call else None)]
        if tool == "TodoWrite":
            todos = objects(arguments, "todos")[:_PHASES]
            phases = (
                Phase(title=one_line(string(todo, "content")), status=_STATUS.get(string(todo, "status"), "pending"))
                for todo in todos
            )
            events.append(PlanUpdated(phases=tuple(phases)))
        return events

    def _ended(self, block: Frame, result: Frame) -> list[EventBody]:
        call = string(block, "tool_use_id")
        known = self._calls.pop(call, None)
        tool, title, arguments = known or ("tool", None, found({}))
        ok = not boolean(block, "is_error")
        added, removed = _counts(result) if ok else (None, None)
        detail = last_line(_text(block)) if not ok or tool == "Bash" else None
        events: list[EventBody] = [
            ToolFinished(
                tool=tool,
                title=title,
                call=ref(call) if call else None,
                ok=ok,
                detail=detail,
                added=added,
                removed=removed,
                prints=prints_of(tool, arguments, _text(block)) if known is not None else None,
            )
        ]
        if added is not None:
            path, is_new = string(result, "filePath"), result.get("type") == "create"
            changed = self._changes.edited(path, added=added, removed=removed or 0, is_new=is_new)
            events += [changed] if changed else []
        return events

    def _added(self, model: str, usage: Frame) -> UsageUpdated | None:
        tokens, cost = tuple(count(usage, name) for name in _TOKENS), money(usage, "costUSD") or 0.0
        known, paid = self._totals.get(model, ((0, 0, 0, 0), 0.0))
        self._totals[model] = ((tokens[0], tokens[1], tokens[2], tokens[3]), cost)
        new = [max(0, now - before) for now, before in zip(tokens, known, strict=True)]
        if not any(new):
            return None
        return UsageUpdated(
            input=new[0],
            output=new[1],
            cache_read=new[2],
            cache_write=new[3],
            cost_usd=max(0.0, cost - paid) or None,
            model=named(model),
        )


def _tool(block: Frame) -> str:
    return named(string(block, "name")) or "tool"


def _text(block: Frame) -> str:
    return string(block, "content") or "\n".join(string(part, "text") for part in objects(block, "content"))


def _counts(result: Frame) -> tuple[int | None, int | None]:
    """Lines that an edit added and removed; none where the result is no edit's."""
    if not string(result, "filePath") or "structuredPatch" not in result:
        return None, None
    lines = [
        one for hunk in objects(result, "structuredPatch") for one in listed(hunk, "lines") if isinstance(one, str)
    ]
    if not lines and result.get("type") == "create":
        return len(string(result, "content").splitlines()), 0
    return sum(line.startswith("+") for line in lines), sum(line.startswith("-") for line in lines)
