"""A tool call that waits for approval, as the request that people read; the one way of every dialect.

All of the call is in the request's text, and its hash. What approval for the run would cover follows from it
(`permission_of` in `domain/folds/snapshot.py`); no dialect keeps permissions or answers by one itself.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Final

from ompycord.dialects.frames import TEXT, Frame, named, one_line
from ompycord.dialects.strict_json import JsonValue
from ompycord.dialects.tools import COMMAND_KEYS
from ompycord.domain.events import ApprovalRequested
from ompycord.domain.events.people import MOST_EDITS
from ompycord.domain.risk.classes import RiskClass, RiskFinding, worst
from ompycord.domain.risk.classify import judge_command
from ompycord.domain.risk.tools import ToolUse, classify_call, command_in
from ompycord.text import clean

__all__ = ["FileEdit", "RequestedCall", "request_approval"]

_PATH_KEYS: Final = frozenset({"file_path", "filePath", "filepath", "path", "notebook_path"})
_EDIT_KEYS: Final = frozenset(
    {
        *("content", "old_string", "new_string", "oldString", "newString", "replace_all", "replaceAll", "edits"),
        *("new_source", "cell_id", "cell_type", "edit_mode", "diff"),
    }
)
"""Arguments that say how a file changes and can do nothing else. Any other makes the call more than an edit."""
_PATHS: Final = 600
"""Characters of all paths that a permission names; it is shown with each of them whole."""
_INDENT: Final = "    "
_READ: Final = 4 * TEXT
"""Characters of a call that are read. No event could show more, so that what is longer can only be denied."""
_PARTS: Final = 20
"""Parts of each sort that are read of one that is longer."""


@dataclass(frozen=True, slots=True)
class FileEdit:
    """A change of one file as the agent shows it: its whole text before and after."""

    path: str
    old: str
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedCall:
    """A tool call, normalised: everything that the agent shown of it, but for ids and progress."""

    tool: str
    arguments: Frame
    title: str = ""
    """The agent's own title, whole."""
    kind: str = ""
    """The agent's own word for what sort of tool it is."""
    diffs: tuple[FileEdit, ...] = ()
    remarks: tuple[str, ...] = ()
    """Other texts that the agent shows with it."""
    paths: tuple[str, ...] = ()
    """Further places that it names."""
    more: tuple[JsonValue, ...] = ()
    """What else it sent with it: hashed, and shown as JSON."""
    is_edit: bool = False
    """Whether the tool is one that changes files."""
    is_complete: bool = True
    """False where a part of the call is known to be missing."""
    is_title_alone: bool = False
    """Whether its agent sent a title and no arguments; a title need not be all of it."""

    def digest(self) -> str:
        """SHA-256 of all of it."""
        whole = [self.tool, self.kind, self.title, self.arguments, [(one.path, one.old, one.new) for one in self.diffs]]
        whole += [self.remarks, self.paths, self.more]
        return hashlib.sha256(json.dumps(whole, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def request_approval(
    name: str, call: RequestedCall, *, title: str, root: str, risk: str | None = None, place: str = ""
) -> ApprovalRequested:
    """The request for a call. `title` is its headline, `name` our reference; paths count from the clone at `root`.

    `place`: where an agent works that has no clone of ours.

    What is larger than an event can hold is shown in part and can only be denied. What has a title alone can be allowed
    once: nobody knows whether that is all of it.
    """
    headline = one_line(title) or one_line(call.tool) or "a tool"
    finding = _risk_of(call, place or root)
    shell = command_in(call.arguments)
    call = _readable(call)
    text = "\n\n".join(_sections(call, headline))
    edits = _edited(call, root)
    return ApprovalRequested(
        approval=name,
        title=headline,
        command=text[:TEXT] or None,
        risk=named(risk or ""),
        whole=call.is_complete and len(text) <= TEXT,
        only_once=call.is_title_alone,
        call=call.digest(),
        edits=edits,
        tool=named(call.tool) if edits else None,
        risk_class=finding.risk.word,
        because=finding.why,
        shell=shell if shell is not None and len(shell) <= TEXT else None,
    )


def _risk_of(call: RequestedCall, root: str) -> RiskFinding:
    """How much harm the call could do. What its agent sent beside it, or only in a title, is at least a program."""
    use = ToolUse(
        tool=call.tool, kind=call.kind, arguments=call.arguments, is_edit=call.is_edit, is_complete=call.is_complete,
        paths=(*call.paths, *(one.path for one in call.diffs)),
    )  # fmt: skip
    finding = classify_call(use, root=root)
    if call.kind == "execute" and command_in(call.arguments) is None:
        return worst((finding, judge_command(call.title, root=root).finding)).at_least(RiskClass.RUN, _UNREAD)
    return finding.at_least(RiskClass.RUN, _UNREAD) if call.more or call.is_title_alone else finding


_UNREAD: Final = "not all of the call could be read"


def _readable(call: RequestedCall) -> RequestedCall:
    """The call, or its beginning where it is longer or nested deeper than anyone could be shown."""
    try:
        rest = json.dumps([call.arguments, call.more])
    except RecursionError:
        return replace(call, arguments={}, more=(), is_complete=False)
    texts = (call.tool, call.title, *call.remarks, *call.paths)
    diffs = sum(len(one.path) + len(one.old) + len(one.new) for one in call.diffs)
    if len(rest) + sum(map(len, texts)) + diffs <= _READ:
        return call
    arguments: Frame = {
        name[:TEXT]: value[:TEXT] if isinstance(value, str) else json.dumps(value)[:TEXT]
        for name, value in list(call.arguments.items())[:_PARTS]
    }
    return replace(
        call,
        tool=call.tool[:TEXT],
        title=call.title[:TEXT],
        arguments=arguments,
        diffs=tuple(FileEdit(one.path[:TEXT], one.old[:TEXT], one.new[:TEXT]) for one in call.diffs[:_PARTS]),
        remarks=tuple(text[:TEXT] for text in call.remarks[:_PARTS]),
        paths=tuple(text[:TEXT] for text in call.paths[:_PARTS]),
        more=(),
        is_complete=False,
    )


# -- what people read --------------------------------------------------------------------------------------------------


def _sections(call: RequestedCall, headline: str) -> Iterator[str]:
    """Everything of the call, in parts, nothing twice; names are among them where the headline does not hold them."""
    texts = list(_texts_in(call.arguments))
    shown = "\n".join((headline, *texts))
    for name, words in (("tool", call.tool), ("title", call.title)):
        if " ".join(words.split()) not in shown:
            yield f"{name}: {_shown(words)}"
    in_diffs = [text for one in call.diffs for text in (one.path, one.old, one.new)]
    if rest := {name: value for name, value in call.arguments.items() if not (value and value in in_diffs)}:
        yield _arguments(rest)
    yield from (_diff(one) for one in call.diffs)
    yield from (_shown(words) for words in call.remarks if words.strip().removeprefix("$ ") not in shown)
    places = [path for path in dict.fromkeys(call.paths) if path not in [*texts, *in_diffs]]
    if places:
        yield "\n".join(f"place: {_shown(path)}" for path in places)
    yield from (_shown(json.dumps(one, ensure_ascii=False)) for one in call.more)


def _arguments(arguments: Frame) -> str:
    """The command alone where there is nothing else; or every argument by its name, the command first."""
    first = [key for key in COMMAND_KEYS if key in arguments]
    names = [*first, *(key for key in arguments if key not in first)]
    if len(names) == 1 and first and isinstance(command := arguments[first[0]], str):
        return _shown(command)
    return "\n".join(f"{_shown(name)}:{_value(arguments[name])}" for name in names)


def _value(value: JsonValue) -> str:
    """A text as it is, further lines indented, so that none can pass for another argument; else JSON."""
    if not isinstance(value, str):
        return f" {_shown(json.dumps(value, ensure_ascii=False))}"
    shown = _shown(value)
    return f" {shown}" if "\n" not in shown else "".join(f"\n{_INDENT}{line}" for line in shown.split("\n"))


def _shown(text: str) -> str:
    """`text`, or as JSON with escapes where parts of it could not be seen, such as controls or invisible signs."""
    return text if clean(text) == text else json.dumps(text)


def _diff(edit: FileEdit) -> str:
    """All of both texts, line by line; lines at the beginning and the end that stay are shown once."""
    old, new = (text.split("\n") if text else [] for text in (edit.old, edit.new))
    most = min(len(old), len(new))
    before = next((n for n in range(most) if old[n] != new[n]), most)
    after = next((n for n in range(most - before) if old[-1 - n] != new[-1 - n]), most - before)
    lines = [
        *(f" {line}" for line in new[:before]),
        *(f"-{line}" for line in old[before : len(old) - after]),
        *(f"+{line}" for line in new[before : len(new) - after]),
        *(f" {line}" for line in new[len(new) - after :]),
    ]
    return "\n".join((_shown(edit.path), *map(_shown, lines)))


def _texts_in(value: JsonValue) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _texts_in(part)


# -- what approval for the run covers ----------------------------------------------------------------------------------


def _edited(call: RequestedCall, root: str) -> tuple[str, ...]:
    """The files that the call edits, below the clone, where it does nothing else; else empty.

    Git's own folder is no part of the work: what stands there can run code.
    """
    if not call.is_edit or call.remarks or call.more or not _is_only_edit(call.arguments):
        return ()
    stated = [value for key, value in call.arguments.items() if key in _PATH_KEYS]
    paths = [*stated, *(one.path for one in call.diffs), *call.paths, *_in_diff(call.arguments.get("diff", ""))]
    inside = [_inside(path, root) if isinstance(path, str) else None for path in paths]
    files = tuple(sorted({path for path in inside if path is not None}))
    is_shown = 0 < len(files) <= MOST_EDITS and sum(map(len, files)) <= _PATHS
    return files if None not in inside and is_shown else ()


def _in_diff(diff: JsonValue) -> Iterator[JsonValue]:
    """The files that a unified diff names in its headers; None for a diff that is no text."""
    if not isinstance(diff, str):
        yield None
        return
    for line in diff.split("\n"):
        mark, _, path = line.partition(" ")
        if mark in {"---", "+++", "Index:"} and path != "/dev/null":
            yield path.partition("\t")[0]
        elif mark in {"diff", "rename", "copy"}:  # these name files in ways of their own
            yield None


def _is_only_edit(arguments: Frame) -> bool:
    parts: Sequence[JsonValue] = value if isinstance(value := arguments.get("edits", []), list) else [None]
    return arguments.keys() <= _PATH_KEYS | _EDIT_KEYS and all(
        isinstance(part, dict) and part.keys() <= _EDIT_KEYS - {"edits"} for part in parts
    )


def _inside(path: str, root: str) -> str | None:
    """The path from the clone's root; None outside of it, in a folder of git, or where it cannot be told."""
    pure = PurePosixPath(path)
    if pure.is_absolute():
        if not root or not pure.is_relative_to(root):
            return None
        pure = pure.relative_to(root)
    found = str(pure)
    is_git = any(part.casefold().rstrip(". ") == ".git" for part in pure.parts)
    is_clear = bool(pure.parts) and ".." not in pure.parts and clean(found) == found and "\\" not in found
    return found if is_clear and not is_git else None
