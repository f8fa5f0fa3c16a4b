"""The risk class of a tool call: by what the tool is known to do, its paths and its command.

A tool that is not known is judged by the words in its name, and never as one that only reads. Counterpart of
`classify.py`, to which commands go.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, cast

from ompycord.domain.risk.classes import RiskClass, RiskFinding, worst
from ompycord.domain.risk.classify import judge_command
from ompycord.domain.risk.judging import Judging, quoted
from ompycord.domain.risk.overrides import RiskSpec
from ompycord.domain.risk.paths import Whereabouts
from ompycord.domain.risk.programs import PROGRAMS
from ompycord.domain.risk.shell import Word

__all__ = ["ToolUse", "classify_call", "command_in"]

_READ: Final = frozenset(
    {
        *("read", "readfile", "readmanyfiles", "view", "viewfile", "openfile", "glob", "grep", "search"),
        *("searchfiles", "searchfilecontent", "searchtext", "find", "findfiles", "filesearch", "ls"),
        *("list", "listdir", "listdirectory", "listfiles", "cat", "notebookread", "readnotebook"),
        *("codebasesearch", "semanticsearch", "grepsearch", "fetchrules", "lsp", "diagnostics"),
        *("getdiagnostics", "symbols"),
    }
)
_EDIT: Final = frozenset(
    {
        *("edit", "multiedit", "write", "writefile", "createfile", "create", "strreplace"),
        *("strreplaceeditor", "strreplacebasededittool", "replace", "replaceinfile", "insert"),
        *("applypatch", "patch", "notebookedit", "editnotebook", "editfile", "searchreplace", "updatefile"),
        *("filechange", "move", "rename", "movefile", "mkdir", "createdirectory"),
    }
)
_DELETE: Final = frozenset(["delete", "deletefile", "remove", "removefile", "rm", "trash"])
_COMMAND: Final = frozenset(
    [
        "bash",
        "shell",
        "sh",
        "exec",
        "execute",
        "execcommand",
        "executecommand",
        "runcommand",
        "runshellcommand",
        "runterminalcmd",
        "runinterminal",
        "terminal",
        "localshell",
        "commandexecution",
        "powershell",
        "zsh",
        "console",
        "eval",
    ]
)
_NETWORK: Final = frozenset(
    [
        "webfetch",
        "fetch",
        "websearch",
        "googlewebsearch",
        "browser",
        "openurl",
        "httprequest",
        "download",
        "urlfetch",
        "webread",
    ]
)
_IDLE: Final = frozenset(
    [
        "think",
        "todowrite",
        "todoread",
        "updateplan",
        "plan",
        "todo",
        "task",
        "agent",
        "subagent",
        "memory",
        "savememory",
        "wait",
        "killshell",
        "bashoutput",
        "taskoutput",
        "enterplanmode",
        "reportintent",
        "skill",
    ]
)
"""Tools that do nothing outside the agent: what it starts in turn asks by itself."""
_PATHS: Final = frozenset(
    [
        "filepath",
        "path",
        "paths",
        "notebookpath",
        "absolutepath",
        "relativepath",
        "dirpath",
        "directory",
        "folder",
        "filename",
        "file",
        "target",
        "source",
        "destination",
        "oldpath",
        "newpath",
        "cwd",
        "workdir",
        "uri",
        "files",
    ]
)
_COMMANDS: Final = ("command", "cmd", "script", "commandline", "shellcommand")
_HARMLESS: Final = frozenset(
    [
        "offset",
        "limit",
        "pattern",
        "query",
        "glob",
        "include",
        "exclude",
        "outputmode",
        "headlimit",
        "multiline",
        "type",
        "linenumbers",
        "startline",
        "endline",
        "recursive",
        "casesensitive",
        "respectgitignore",
        "maxresults",
        "description",
        "n",
        "a",
        "b",
        "c",
        "i",
        "regex",
        "ignore",
        "filefilteringoptions",
        "reason",
        "explanation",
        "output",
        "contextlines",
    ]
)
_PUBLISHING: Final = frozenset(
    [
        "create",
        "comment",
        "publish",
        "push",
        "merge",
        "send",
        "post",
        "upload",
        "release",
        "submit",
        "reply",
        "update",
        "edit",
        "add",
        "assign",
        "label",
        "close",
        "reopen",
        "approve",
        "request",
        "deploy",
        "write",
        "set",
        "invite",
        "share",
    ]
)
_DESTROYING: Final = frozenset(
    ["delete", "drop", "remove", "destroy", "purge", "truncate", "wipe", "revoke", "archive", "force", "reset"]
)
_SECRETIVE: Final = frozenset(
    ["secret", "secrets", "credential", "credentials", "token", "password", "env", "environment", "vault"]
)
_KINDS: Final[Mapping[str, RiskClass]] = {
    "read": RiskClass.READ,
    "search": RiskClass.READ,
    "think": RiskClass.READ,
    "edit": RiskClass.WRITE,
    "move": RiskClass.WRITE,
    "execute": RiskClass.RUN,
    "switch_mode": RiskClass.RUN,
    "other": RiskClass.RUN,
    "fetch": RiskClass.NETWORK,
    "delete": RiskClass.DANGER,
}
"""An agent's own words for what a tool is; it is never taken to do less."""
_DEEPEST: Final = 8

Value = object


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolUse:
    """A tool call, as far as its class depends on it."""

    tool: str
    kind: str = ""
    """The agent's own word for what sort of tool it is; empty for none."""
    arguments: Mapping[str, Value]
    paths: tuple[str, ...] = ()
    """Places that it names beside its arguments, those of its diffs too."""
    is_edit: bool = False
    is_complete: bool = True


def classify_call(call: ToolUse, *, root: str = "", rules: RiskSpec | None = None) -> RiskFinding:
    """The worst that the call can do."""
    name = _plain(call.tool)
    commands = _commands_in(call.arguments)
    judging = Judging(PROGRAMS, Whereabouts(root))
    paths = [Word(path) for path in (*_paths_in(call.arguments), *call.paths)]
    if commands:
        finding = worst(judge_command(one, root=root, rules=rules or RiskSpec()).finding for one in commands)
        where = _cwd(call.arguments, root)
        is_shell = name in _COMMAND or call.kind == "execute" or not name
        found = finding if is_shell else finding.at_least(RiskClass.RUN, f"{quoted(call.tool)} gets a command")
        is_both = call.is_edit or name in _EDIT | _DELETE  # an editor whose verb is called `command`
        other = _by_name(call, name, judging, paths) if is_both else []
        return worst((found, *other, *where, *_incomplete(call)))
    return worst((*_by_name(call, name, judging, paths), *_by_kind(call), *_incomplete(call)))


def _incomplete(call: ToolUse) -> Iterable[RiskFinding]:
    if not call.is_complete:
        yield RiskFinding(RiskClass.DANGER, "a part of the call is not known")


def _cwd(arguments: Mapping[str, Value], root: str) -> Iterable[RiskFinding]:
    """A command that starts elsewhere may mean other files."""
    for name, value in arguments.items():
        if _plain(name) in {"cwd", "workdir", "directory", "folder", "workingdirectory"} and isinstance(value, str):
            place = Judging(PROGRAMS, Whereabouts(root)).reads(Word(value))
            if place.risk > RiskClass.READ:
                yield RiskFinding(RiskClass.DANGER, f"it starts outside the clone: {quoted(value)}")


def command_in(arguments: Mapping[str, Value]) -> str | None:
    """The command that a shell gets; of a list of words, as a shell would read them."""
    return next(iter(_commands_in(arguments)), None)


def _commands_in(arguments: Mapping[str, Value]) -> Iterable[str]:
    """Every one of them: which one the tool takes is its own affair."""
    found: list[str] = []
    for name, value in arguments.items():
        if _plain(name) not in _COMMANDS:
            continue
        if isinstance(value, str):
            found.append(value)
        words = cast("list[Value]", value) if isinstance(value, list) else []
        if words and all(isinstance(one, str) for one in words):
            found.append(_joined([str(one) for one in words]))
    return found


def _joined(words: Sequence[str]) -> str:
    """As one text: each word in quotes where a shell would read it in another way."""
    return " ".join(word if word.isalnum() or _is_simple(word) else _in_quotes(word) for word in words)


def _is_simple(word: str) -> bool:
    return bool(word) and all(sign.isascii() and (sign.isalnum() or sign in "-_./=:,@+%") for sign in word)


def _in_quotes(word: str) -> str:
    return "'" + word.replace("'", "'\\''") + "'"


def _by_name(call: ToolUse, name: str, judging: Judging, paths: Sequence[Word]) -> list[RiskFinding]:
    shown = quoted(call.tool) if call.tool else "the call"
    if not call.tool.isascii():
        return [RiskFinding(RiskClass.DANGER, "the name of the tool holds letters that can look like others")]
    if call.is_edit or name in _EDIT:
        found = [RiskFinding(RiskClass.WRITE, f"{shown} changes files"), *judging.all_of(judging.writes, paths)]
        return found if paths else [*found, RiskFinding(RiskClass.RUN, f"which files {shown} changes is not known")]
    if name in _DELETE:
        return judging.all_of(judging.deletes, paths) or [RiskFinding(RiskClass.DANGER, "what it deletes is not known")]
    if name in _READ or (call.kind in {"read", "search"} and not _is_foreign(call.tool)):
        odd = [one for one in call.arguments if _plain(one) not in _HARMLESS and not _names_path(one)]
        found = [RiskFinding(RiskClass.READ, f"{shown} only reads"), *judging.all_of(judging.reads, paths)]
        return [
            *found,
            *(RiskFinding(RiskClass.RUN, f"what {shown} does with {quoted(one)} is not known") for one in odd[:1]),
        ]
    if name in _COMMAND:
        return [RiskFinding(RiskClass.DANGER, f"which command {shown} gets is not known")]
    if name in _IDLE or call.kind == "think":
        return [RiskFinding(RiskClass.READ, f"{shown} does nothing outside the agent")]
    if name in _NETWORK or call.kind == "fetch":
        return [RiskFinding(RiskClass.NETWORK, f"{shown} reaches out"), *_by_words(call.tool)]
    least = RiskClass.NETWORK if _is_foreign(call.tool) else RiskClass.RUN
    return [RiskFinding(least, f"{shown} is a tool that nothing is known of"), *_by_words(call.tool)]


def _is_foreign(tool: str) -> bool:
    """Whether it is a tool of a server that the agent was given (MCP)."""
    return tool.startswith("mcp_") or "__" in tool or "/" in tool or "." in tool.strip(".")


def _by_words(tool: str) -> Iterable[RiskFinding]:
    words = set(_split(tool))
    if not words.isdisjoint(_DESTROYING):
        yield RiskFinding(RiskClass.DANGER, f"{quoted(tool)} is by its name a tool that destroys")
    if not words.isdisjoint(_PUBLISHING):
        yield RiskFinding(RiskClass.PUBLISH, f"{quoted(tool)} is by its name a tool that changes what others see")
    if not words.isdisjoint(_SECRETIVE):
        yield RiskFinding(RiskClass.SECRET, f"{quoted(tool)} is by its name a tool that shows secrets")


def _by_kind(call: ToolUse) -> Iterable[RiskFinding]:
    if call.kind:
        risk = _KINDS.get(call.kind, RiskClass.RUN)
        yield RiskFinding(risk, f"its agent calls it {quoted(call.kind)}")


def _paths_in(value: Value, depth: int = 0) -> Iterable[str]:
    """Every text below a name of a path."""
    if depth > _DEEPEST or not isinstance(value, Mapping):
        return
    for name, one in cast("Mapping[str, Value]", value).items():
        parts = cast("list[Value]", one) if isinstance(one, list) else [one]
        for part in parts:
            if isinstance(part, str) and _names_path(name):
                yield part.removeprefix("file://")
            else:
                yield from _paths_in(part, depth + 1)


def _names_path(name: str) -> bool:
    """Whether an argument of this name is a path: `target_file`, `dirPath`."""
    plain = _plain(name)
    return plain in _PATHS or plain.endswith(("path", "paths", "file", "files", "folder", "directory"))


def _plain(name: str) -> str:
    """A name without the signs between its words, in small letters."""
    return "".join(sign for sign in name.casefold() if sign.isalnum())


def _split(name: str) -> list[str]:
    """The words of `create_pull_request` and `createPullRequest`, in small letters."""
    spaced = "".join(f" {sign}" if sign.isupper() else sign if sign.isalnum() else " " for sign in name)
    return [*spaced.casefold().split(), *"".join(s if s.isalnum() else " " for s in name.casefold()).split()]
