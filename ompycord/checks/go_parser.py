"""Go's tests by the lines of JSON that `go test -json` prints, a line for each event of a test."""

import json
import re
from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import Any, Final, Literal, cast

from ompycord.checks.counts import Counts, NamedEnds
from ompycord.checks.parser import CheckOutput, CheckParser, ParserOptions
from ompycord.domain.checking.probe import TestStatus

__all__ = ["PARSER", "GoOptions", "GoParser"]

_NOT_BUILT: Final = re.compile(r"FAIL\s+(?P<package>\S{1,400}) \[(?:build|setup) failed\]")
"""Printed between the lines of JSON."""
_SHOWN: Final = 60
_ENDS: Final[dict[str, TestStatus]] = {"pass": "passed", "fail": "failed", "skip": "skipped"}


class GoOptions(ParserOptions):
    """The lines of `go test -json`."""

    kind: Literal["go"] = "go"  # pyright: ignore[reportIncompatibleVariableOverride]  # frozen: never set


class GoParser:
    """Has `go test` print JSON; a package that cannot be built is a failed test of its name."""

    def __init__(self, options: GoOptions) -> None:
        self._options = options

    def arrange(self, command: tuple[str, ...], report: Path) -> tuple[tuple[str, ...], dict[str, str]]:
        """See the protocol. `go test` behind another command must print JSON itself."""
        if not _is_go_test(command) or "-json" in command:
            return command, {}
        return (*command[:2], "-json", *command[2:]), {}

    def count(self, output: CheckOutput) -> Counts | None:
        """See the protocol."""
        ends = NamedEnds()
        printed: dict[str, list[str]] = {}
        for line in output.lines:
            if found := _NOT_BUILT.fullmatch(line.strip()):
                ends.add(found["package"], "failed", "\n".join(output.lines[-_SHOWN:]))
        for event in filter(None, (_event(line) for line in output.lines)):
            package, test = str(event.get("Package", "")), event.get("Test")
            name = f"{package}.{test}" if test else package
            if event.get("Action") == "output":
                printed.setdefault(name, []).append(str(event.get("Output", "")))
            end = _ENDS.get(str(event.get("Action")))
            # A package has an end of its own; it says something only where none of its tests failed.
            if end is not None and (test or (end == "failed" and not ends.has_failed(f"{package}."))):
                ends.add(name, end, "".join(printed.get(name, [])))
        return ends.counted(is_whole=not output.is_cut)


def _event(line: str) -> dict[str, Any] | None:
    if not line.startswith("{"):
        return None
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return cast("dict[str, Any]", event) if isinstance(event, dict) else None


def _is_go_test(command: Sequence[str]) -> bool:
    return PurePath(command[0]).name == "go" and command[1:2] in (["test"], ("test",))


PARSER: Final = CheckParser(options=GoOptions, parser=GoParser, claims=_is_go_test)
