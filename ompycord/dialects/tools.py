"""A tool's arguments and its result in few words for cards, and as hashes for comparing them.

Used by every dialect whose agent uses tools.
"""

import json
from typing import Final

from ompycord.dialects.frames import Frame, one_line, string
from ompycord.dialects.strict_json import JsonValue
from ompycord.domain.events import CallPrints
from ompycord.domain.guardian.fingerprints import call_prints

__all__ = ["COMMAND_KEYS", "command_of", "diff_counts", "from_root", "last_line", "prints_of", "tool_title"]

_TITLE_KEYS: Final = (
    "command", "file_path", "filePath", "path", "notebook_path", "pattern", "query", "url", "question", "description",
    "prompt", "task", "op", "_i",
)  # fmt: skip
"""Where tools of the known agents have what they are about, the most specific first."""
COMMAND_KEYS: Final = ("command", "cmd")
_REMARKS: Final = frozenset({"description", "explanation", "reason", "reasoning", "thought", "_i"})
"""Where tools have what the agent writes about a call, which differs although the call is the same."""
_READ: Final = 4096
_UNCHANGED: Final = ("Wall time:", "(no output)")


def tool_title(arguments: Frame, *, root: str) -> str | None:
    """What the tool works on: its command, path or pattern; else its first text. Paths are shown from `root`."""
    for value in (*(arguments.get(key) for key in _TITLE_KEYS), *arguments.values()):
        if text := one_line(from_root(_words(value), root)):
            return text
    return None


def from_root(text: str, root: str) -> str:
    """`text` with the paths below `root` as seen from there."""
    return text[:_READ].replace(f"{root}/", "")


def command_of(arguments: Frame) -> str | None:
    """The shell command among the arguments, whole."""
    return next((text for key in COMMAND_KEYS if (text := _words(arguments.get(key)).strip())), None)


def prints_of(tool: str, arguments: Frame, result: str) -> CallPrints:
    """The hashes by which this use of a tool is compared with others; remarks about it do not count."""
    chosen = {name: value for name, value in arguments.items() if name not in _REMARKS} or arguments
    return call_prints(tool, json.dumps(chosen, sort_keys=True), result)


def last_line(text: str) -> str | None:
    """The last line with content: there programs report how they ended."""
    lines = (one_line(line) for line in reversed(text[-4096:].splitlines()))
    return next((line for line in lines if line and not line.startswith(_UNCHANGED)), None)


def diff_counts(diff: str) -> tuple[int, int]:
    """Lines that a diff adds and removes, its headers aside."""
    lines = [line for line in diff.splitlines() if not line.startswith(("+++", "---"))]
    return sum(line.startswith("+") for line in lines), sum(line.startswith("-") for line in lines)


def _words(value: JsonValue) -> str:
    if isinstance(value, list) and value and all(isinstance(part, str) for part in value):
        return " ".join(string(value, index) for index in range(len(value)))
    return value if isinstance(value, str) else ""
