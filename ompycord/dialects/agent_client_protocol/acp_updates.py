"""What an agent reports of its turn over the Agent Client Protocol (`session/update`), as events; part of `acp.py`."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from ompycord.dialects.changes import FileChanges
from ompycord.dialects.frames import Frame, count, found, money, named, objects, one_line, prose, ref, string
from ompycord.dialects.protocol_session import Reaction, UnknownFrames
from ompycord.dialects.strict_json import JsonValue
from ompycord.dialects.tools import from_root, last_line, prints_of, tool_title
from ompycord.domain.events import (
    EventBody,
    Message,
    Note,
    Phase,
    PlanUpdated,
    ToolFinished,
    ToolProgress,
    ToolStarted,
    UsageUpdated,
)

__all__ = ["AcpUpdates", "Tool", "call_parts", "content_text", "diff_of"]

Status = Literal["pending", "active", "done", "failed", "skipped"]

_PHASES: Final = 25
_TOOLS: Final = 1000
_MESSAGE: Final = 32_768
_STATUS: Final[Mapping[str, Status]] = {"pending": "pending", "in_progress": "active", "completed": "done"}
_SILENT: Final = frozenset({
    "user_message_chunk", "agent_thought_chunk", "available_commands_update", "current_mode_update",
    "config_option_update", "session_info_update", "plan_removed",
})  # fmt: skip
"""Updates that are known and contain nothing that a card shows."""
_COUNTS_BY_START: Final = frozenset({"@agentclientprotocol/claude-agent-acp"})
"""Agents that count a session's cost from 0 at every start (seen in 0.49).

Oh-my-pi 18.2 and OpenCode 1.18 continue its total.
"""
_ROUNDING: Final = 1e-9
_NOT_CALL: Final = frozenset({"toolCallId", "status", "sessionUpdate", "rawOutput", "_meta"})
"""Members of a tool call that are its id, its progress and its result."""
_PATH_KEYS: Final = ("filePath", "file_path", "path", "filepath")


@dataclass(slots=True)
class Tool:
    """A tool call as far as it is known: every update may add to it."""

    name: str = "tool"
    title: str | None = None
    kind: str = ""
    path: str = ""
    command: str = ""
    diff: tuple[int, int] | None = None
    latest: str = ""
    is_reported: bool = False
    call: Frame = field(default_factory=dict[str, JsonValue])
    """What the agent said of the call itself (`call_parts`), each part as it was said last."""


def call_parts(update: Frame) -> Frame:
    """What an update or a request says of the call itself; empty members say nothing."""
    return {name: value for name, value in update.items() if name not in _NOT_CALL and value not in (None, "", {}, [])}


def content_text(update: Frame) -> str:
    """The text in a tool's content, without its diffs and terminals."""
    texts = (string(part, "content", "text") for part in objects(update, "content"))
    return "\n".join(text for text in texts if text)


def diff_of(update: Frame) -> tuple[int, int] | None:
    """Lines that the diffs in a tool's content add and remove: moved lines count as neither. Linear, for any size."""
    diffs = [part for part in objects(update, "content") if part.get("type") == "diff"]
    if not diffs:
        return None
    added = removed = 0
    for diff in diffs:
        old, new = Counter(string(diff, "oldText").splitlines()), Counter(string(diff, "newText").splitlines())
        added, removed = added + (new - old).total(), removed + (old - new).total()
    return added, removed


class AcpUpdates:
    """The turn so far: text that is still streaming, running tools, changed files, reported cost."""

    def __init__(self, *, root: str, unknown: UnknownFrames, known_usd: float = 0.0) -> None:
        """`known_usd` is the session's cost that was reported earlier."""
        self.last_message = ""
        """The agent's last message, for its outcome."""
        self._root = root
        self._unknown = unknown
        self._changes = FileChanges(root=root)
        self._tools: dict[str, Tool] = {}
        self._words: list[str] = []
        self._size = 0
        self._speaking = ""
        self._cost = known_usd
        self._is_priced = False
        self._has_other_currency = False

    def tool(self, call: str) -> Tool:
        """What is known of a tool call."""
        return self._tools.get(call) or Tool()

    def counts_as(self, agent: str) -> None:
        """Set the agent's own name: some agents have a way of their own to count."""
        if agent in _COUNTS_BY_START:
            self._cost = 0.0

    def baseline(self, update: Frame) -> None:
        """Take an update of an earlier turn that is replayed: only its cost counts, as already known."""
        if string(update, "sessionUpdate") == "usage_update":
            self._cost = _dollars(update) or self._cost

    def on_update(self, update: Frame) -> Reaction:
        """Take a `session/update` of the turn."""
        kind = string(update, "sessionUpdate")
        if kind == "agent_message_chunk":
            return Reaction(self._chunk(update))
        if kind in _SILENT:
            return Reaction()
        match kind:
            case "tool_call" | "tool_call_update":
                return Reaction((*self.finish_message(), *self._tool_update(update)))
            case "plan":
                return Reaction((*self.finish_message(), _plan(objects(update, "entries"))))
            case "plan_update":
                entries = objects(update, "plan", "entries") or objects(update, "plan", "items")
                return Reaction((_plan(entries),)) if entries else Reaction()
            case "usage_update":
                return Reaction(self._cost_update(update))
            case _:
                return self._unknown.seen(f"session/update {one_line(kind, 64) or 'without a kind'}")

    def finish_message(self) -> tuple[EventBody, ...]:
        """The streamed text as one message."""
        text = prose("".join(self._words)).strip()
        self._words.clear()
        self._size = 0
        if not text:
            return ()
        self.last_message = text
        return (Message(text=text),)

    def turn_ended(self, result: Frame) -> tuple[EventBody, ...]:
        """The last text, and the tokens of the turn where the agent reports them."""
        usage = found(result, "usage")
        tokens = [count(usage, f"{name}Tokens") for name in ("input", "output", "cachedRead", "cachedWrite")]
        if not usage:  # Gemini's own way (seen in 0.61)
            quota = found(result, "_meta", "quota", "token_count")
            tokens = [count(quota, "input_tokens"), count(quota, "output_tokens"), 0, 0]
        events = list(self.finish_message())
        if any(tokens):
            names = ("input", "output", "cache_read", "cache_write")
            spent = UsageUpdated(**dict(zip(names, tokens, strict=True)), cost_usd=0.0 if self._is_priced else None)
            events.append(spent)
        elif string(result, "stopReason") != "end_turn":  # cut, and nothing told of what it took
            events.append(UsageUpdated(at_least=True))
        self._is_priced = False
        return tuple(events)

    def _chunk(self, update: Frame) -> tuple[EventBody, ...]:
        message, text = string(update, "messageId"), string(update, "content", "text")
        is_full = self._size + len(text) > _MESSAGE
        before = self.finish_message() if message != self._speaking or is_full else ()
        self._speaking = message
        if text:
            self._words.append(text[:_MESSAGE])
            self._size += len(text)
        return before

    def _cost_update(self, update: Frame) -> tuple[EventBody, ...]:
        """The cost added since the last update.

        Agents report a session's total, events the difference (docs/contracts/events.md, *Usage*).
        """
        total = _dollars(update)
        if total is None:
            return self._other_currency(string(update, "cost", "currency"))
        before, self._cost = self._cost, total
        self._is_priced = True
        if total < before - _ROUNDING:
            return (Note(text="The agent's cost counter was reset."), UsageUpdated(cost_usd=total))
        return (UsageUpdated(cost_usd=total - before),) if total > before else ()

    def _other_currency(self, currency: str) -> tuple[EventBody, ...]:
        """That the cost is unknown, once: a rate of exchange would be a guess."""
        if not currency or self._has_other_currency:
            return ()
        self._has_other_currency = True
        words = f"The agent counts its cost in {one_line(currency, 20)}."
        return (Note(text=f"{words} Only US dollars are counted, so its cost is unknown."), UsageUpdated())

    def _tool_update(self, update: Frame) -> tuple[EventBody, ...]:
        call, status = string(update, "toolCallId"), string(update, "status")
        tool = self._tools.setdefault(call, Tool()) if len(self._tools) < _TOOLS else self.tool(call)
        _merge(tool, update, self._root)
        events: list[EventBody] = []
        if not tool.is_reported and (tool.command or tool.path or status in {"in_progress", "completed", "failed"}):
            tool.is_reported = True
            events.append(ToolStarted(tool=tool.name, title=tool.title, call=ref(call) if call else None))
        text = content_text(update)
        if status == "in_progress" and call and (line := last_line(text)) and line not in {tool.latest, tool.title}:
            tool.latest = line
            events.append(ToolProgress(call=ref(call), text=line))
        if status in {"completed", "failed"}:
            self._tools.pop(call, None)
            events += self._finished(tool, call, update, ok=status == "completed")
        return tuple(events)

    def _finished(self, tool: Tool, call: str, update: Frame, *, ok: bool) -> list[EventBody]:
        text = content_text(update)
        added, removed = tool.diff if tool.diff and ok else (None, None)
        finished = ToolFinished(
            tool=tool.name,
            title=tool.title,
            call=ref(call) if call else None,
            ok=ok,
            detail=last_line(text.replace("```", "")) if not ok or tool.kind == "execute" else None,
            added=added,
            removed=removed,
            prints=prints_of(tool.name, _arguments(tool), _whole_result(update, text)),
        )
        events: list[EventBody] = [finished]
        if ok and tool.kind == "edit":
            changed = self._changes.edited(tool.path, added=added or 0, removed=removed or 0)
            events += [changed] if changed else []
        return events


def _merge(tool: Tool, update: Frame, root: str) -> None:
    if string(update, "status") not in {"completed", "failed"}:
        tool.call |= call_parts(update)
    raw = found(update, "rawInput")
    name = string(update, "_meta", "claudeCode", "toolName") or string(update, "name")
    tool.kind = string(update, "kind") or tool.kind
    tool.name = named(name) or (tool.name if tool.name != "tool" else None) or named(tool.kind) or "tool"
    tool.command = string(raw, "command") or tool.command
    path = string(update, "locations", 0, "path") or next(
        (text for key in _PATH_KEYS if (text := string(raw, key))), ""
    )
    tool.path = path or tool.path
    subject = one_line(tool.command) or one_line(string(update, "title")) or tool_title(raw, root=root)
    if subject and (tool.title is None or raw or len(subject) > len(tool.title)):
        tool.title = from_root(subject, root)
    content = string(raw, "content")
    tool.diff = diff_of(update) or tool.diff or ((len(content.splitlines()), 0) if content else None)


def _arguments(tool: Tool) -> Frame:
    """All that is known of what a call does: its arguments, else its title, its places and its diffs."""
    raw = found(tool.call, "rawInput")
    if raw:
        return raw
    places: list[JsonValue] = [*objects(tool.call, "locations")]
    return {"title": tool.title, "kind": tool.kind, "locations": places, "diffs": _diffs(tool.call)}


def _whole_result(update: Frame, text: str) -> str:
    """All that came of a call: its text and its diffs, else what it gave out in a form of its own."""
    parts = [text, json.dumps(diffs) if (diffs := _diffs(update)) else ""]
    return "\n".join(filter(None, parts)) or json.dumps(update.get("rawOutput"))


def _diffs(update: Frame) -> list[JsonValue]:
    return [part for part in objects(update, "content") if part.get("type") == "diff"]


def _plan(entries: list[Frame]) -> PlanUpdated:
    """A flat list of entries: each is a phase."""
    phases = (
        Phase(title=one_line(string(one, "content")), status=_STATUS.get(string(one, "status"), "pending"))
        for one in entries[:_PHASES]
    )
    return PlanUpdated(phases=tuple(phases))


def _dollars(update: Frame) -> float | None:
    return money(update, "cost", "amount") if string(update, "cost", "currency") in {"USD", ""} else None
