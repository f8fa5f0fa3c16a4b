"""What our OpenCode plugin posts: the bus events of OpenCode as they are, and its tool hooks.

See `cli/integrations/opencode.py`. No event announces the end of a session, so a run ends when its session is idle, and
the next prompt starts another round.
"""

from collections.abc import Callable, Mapping
from typing import Final, Literal

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
from ompycord.dialects.hook_reading import HookReading
from ompycord.dialects.tools import last_line, prints_of, tool_title
from ompycord.domain.events import (
    ChangedFile,
    EventBody,
    FilesChanged,
    Message,
    Note,
    Phase,
    PlanUpdated,
    RetryLimited,
    RunFailed,
    RunFinished,
    RunStarted,
    SessionOpened,
    ToolFinished,
    ToolStarted,
    UsageUpdated,
)
from ompycord.domain.run import FailureClass
from ompycord.text.titles import title_of

__all__ = ["read"]

Status = Literal["pending", "active", "done", "failed", "skipped"]
FileStatus = Literal["added", "modified", "deleted"]

_PHASES: Final = 25
_FILES: Final = 500
_PATH: Final = 1024
_STATUS: Final[Mapping[str, Status]] = {
    "pending": "pending",
    "in_progress": "active",
    "completed": "done",
    "cancelled": "skipped",
}
_FILE_STATUS: Final[Mapping[str, FileStatus]] = {"added": "added", "deleted": "deleted"}
_SILENT: Final = frozenset(
    {
        *("tool.before", "tool.after"),  # the message's parts say the same, and more
        *("session.updated", "session.compacted", "session.deleted", "message.updated", "message.removed"),
        *("message.part.removed", "message.part.delta", "permission.replied", "question.replied", "question.rejected"),
        *("plugin.added", "catalog.updated", "reference.updated", "integration.updated", "models-dev.refreshed"),
        *("server.connected", "server.heartbeat", "server.instance.disposed", "global.disposed"),
        *("file.edited", "file.watcher.updated", "project.updated", "vcs.branch.updated", "command.executed"),
        *("lsp.updated", "lsp.client.diagnostics", "mcp.tools.changed", "mcp.browser.open.failed"),
        *("installation.updated", "installation.update-available", "ide.installed"),
        *("pty.created", "pty.updated", "pty.exited", "pty.deleted", "worktree.ready", "worktree.failed"),
        *("workspace.ready", "workspace.failed", "workspace.status", "workspace.restore"),
        *("tui.prompt.append", "tui.command.execute", "tui.toast.show", "tui.session.select"),
    }
)
"""Kinds that are known and contain nothing that a card shows."""


def read(payload: Frame) -> HookReading:
    """The body of one post."""
    is_event = string(payload, "kind") == "event"
    event = found(payload, "event")
    kind = one_line(string(event, "type") if is_event else string(payload, "kind"), 64)
    what = found(event, "properties")
    session = named(string(what, "sessionID") or string(what, "info", "id") or string(payload, "input", "sessionID"))
    reader = _READERS.get(kind) if is_event else None
    events = reader(what, string(payload, "directory")) if reader else ()
    return HookReading(
        kind=kind or "a post without a kind",
        events=events,
        session=session,
        id=named(string(event, "id")),
        begins=any(isinstance(body, RunStarted) for body in events),
        is_known=reader is not None or kind in _SILENT,
    )


def _created(what: Frame, root: str) -> tuple[EventBody, ...]:
    """A helper's session is part of its parent's work."""
    session = string(what, "info", "id")
    if not session or string(what, "info", "parentID"):
        return ()
    return RunStarted(agent="opencode"), SessionOpened(session=ref(session))


def _part(what: Frame, root: str) -> tuple[EventBody, ...]:
    part = found(what, "part")
    match string(part, "type"):
        case "text":
            return _text(part)
        case "tool":
            return _tool(part, root)
        case "step-finish":
            return _spent(part)
        case _:
            return ()


def _text(part: Frame) -> tuple[EventBody, ...]:
    """The events of a text.

    A person's comes whole and without times, the model's in pieces, of which the last has an end.
    """
    words = prose(string(part, "text")).strip()
    if not words or boolean(part, "synthetic") or boolean(part, "ignored"):
        return ()
    if dig(part, "time") is None:
        return (RunStarted(agent="opencode", title=title_of(words) or None, prompt=words),)
    return (Message(text=words),) if dig(part, "time", "end") is not None else ()


def _tool(part: Frame, root: str) -> tuple[EventBody, ...]:
    tool, call, state = named(string(part, "tool")) or "tool", string(part, "callID"), found(part, "state")
    title = tool_title(found(state, "input"), root=root) or one_line(string(state, "title"))
    status, name = string(state, "status"), ref(call) if call else None
    if status == "running":
        return (ToolStarted(tool=tool, title=title or None, call=name),)
    if status not in {"completed", "error"}:
        return ()
    ok = status == "completed"
    detail = last_line(string(state, "output")) if ok and tool == "bash" else one_line(string(state, "error")) or None
    prints = prints_of(tool, found(state, "input"), string(state, "output" if ok else "error"))
    return (ToolFinished(tool=tool, title=title or None, call=name, ok=ok, detail=detail, prints=prints),)


def _spent(part: Frame) -> tuple[EventBody, ...]:
    """A step's own tokens: already a delta."""
    tokens = found(part, "tokens")
    usage = UsageUpdated(
        input=count(tokens, "input"),
        output=count(tokens, "output"),
        cache_read=count(tokens, "cache", "read"),
        cache_write=count(tokens, "cache", "write"),
        cost_usd=money(part, "cost") or None,
    )
    return (usage,) if usage.input or usage.output or usage.cache_read or usage.cache_write else ()


def _todos(what: Frame, root: str) -> tuple[EventBody, ...]:
    phases = (
        Phase(title=one_line(string(todo, "content")), status=_STATUS.get(string(todo, "status"), "pending"))
        for todo in objects(what, "todos")[:_PHASES]
    )
    return (PlanUpdated(phases=tuple(phases)),)


def _diff(what: Frame, root: str) -> tuple[EventBody, ...]:
    """All that the session has changed so far."""
    files = objects(what, "diff")
    listed = (_file(one) for one in files[:_FILES])
    return (FilesChanged(files=tuple(one for one in listed if one), total=len(files)),)


def _file(one: Frame) -> ChangedFile | None:
    path = prose(string(one, "file"))
    if not path or len(path) > _PATH:
        return None
    status: FileStatus = _FILE_STATUS.get(string(one, "status"), "modified")
    return ChangedFile(path=path, status=status, added=count(one, "additions"), removed=count(one, "deletions"))


def _status(what: Frame, root: str) -> tuple[EventBody, ...]:
    status = found(what, "status")
    if string(status, "type") != "retry":
        return ()
    until = count(status, "next") or None
    words = one_line(string(status, "message")) or None
    return (RetryLimited(message=words, attempt=count(status, "attempt") or None, until=until),)


def _request(what: Frame, root: str) -> tuple[EventBody, ...]:
    subject = one_line(string(what, "title") or string(what, "permission") or string(what, "type"), 300)
    return (Note(text=f"OpenCode waits for approval at its terminal{f': {subject}' if subject else ''}."),)


def _questions(what: Frame, root: str) -> tuple[EventBody, ...]:
    return (Note(text="OpenCode asks a question at its terminal."),)


def _idle(what: Frame, root: str) -> tuple[EventBody, ...]:
    return (RunFinished(),)


def _failed(what: Frame, root: str) -> tuple[EventBody, ...]:
    error = found(what, "error")
    words = one_line(string(error, "data", "message") or string(error, "name")) or "no reason given"
    return (RunFailed(message=f"OpenCode stopped: {words}", failure=FailureClass.TRANSIENT),)


_READERS: Final[Mapping[str, Callable[[Frame, str], tuple[EventBody, ...]]]] = {
    "session.created": _created,
    "session.status": _status,
    "session.diff": _diff,
    "session.idle": _idle,
    "session.error": _failed,
    "message.part.updated": _part,
    "todo.updated": _todos,
    "permission.asked": _request,
    "permission.updated": _request,
    "question.asked": _questions,
}
