"""Pure: what jest's report in JSON counts, which vitest writes too, and how both are ordered to write it."""

import json
import re
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any, Final, cast

from ompycord.checks.counts import Counts, NamedEnds
from ompycord.domain.checking.probe import TestStatus

__all__ = ["jest_counts", "starts", "with_options"]

_ENDS: Final[dict[str, TestStatus]] = {
    "passed": "passed",
    "failed": "failed",
    "pending": "skipped",
    "skipped": "skipped",
    "todo": "skipped",
    "disabled": "skipped",
}
_MANAGERS: Final = frozenset({"npm", "pnpm", "yarn", "bun"})
_STARTERS: Final = frozenset({"npx", "bunx", "exec", "run", "dlx"})
_CHECKOUT: Final = re.compile(r"^.*?/tree/")
"""Where a file lies is another place in each checkout."""
_COLOURS: Final = re.compile(r"\x1b\[[0-9;]*m")


def starts(command: Sequence[str], program: str) -> bool:
    """Whether a command starts a program itself, or by npx."""
    names = [PurePath(word).name for word in command]
    at = next((number for number, name in enumerate(names) if name not in _STARTERS and not name.startswith("-")), 0)
    return bool(names) and names[at] in (program, f"{program}.js", f"{program}.mjs")


def with_options(command: tuple[str, ...], options: tuple[str, ...]) -> tuple[str, ...]:
    """The command with options for what it starts: npm hands on what follows `--`."""
    is_handed_on = PurePath(command[0]).name in _MANAGERS and "--" not in command
    return (*command, *(("--",) if is_handed_on else ()), *options)


def jest_counts(raw: bytes) -> Counts | None:
    """The counts of a report; None for what is none. A file whose tests could not be loaded is a failed test."""
    try:
        report = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    files = cast("dict[str, Any]", report).get("testResults") if isinstance(report, dict) else None
    if not isinstance(files, list):
        return None
    ends = NamedEnds()
    for file in (_table(one) for one in cast("list[Any]", files)):
        path = _CHECKOUT.sub("", str(file.get("name", "")))
        tests = [_table(one) for one in cast("list[Any]", file.get("assertionResults") or [])]
        for test in tests:
            end = _ENDS.get(str(test.get("status")), "failed")
            messages = "\n".join(map(str, cast("list[Any]", test.get("failureMessages") or [])))
            ends.add(f"{path} {test.get('fullName', '')}".strip(), end, _COLOURS.sub("", messages))
        if not tests and file.get("status") == "failed":
            ends.add(path, "failed", _COLOURS.sub("", str(file.get("message", ""))))
    return ends.counted()


def _table(value: object) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}
