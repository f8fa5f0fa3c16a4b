"""Rust's tests by the lines of `cargo test`: `test tests::adds ... ok`, and below them what failed ones printed."""

import re
from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import Final, Literal

from ompycord.checks.counts import Counts, NamedEnds
from ompycord.checks.parser import CheckOutput, CheckParser, ParserOptions
from ompycord.domain.checking.probe import TestStatus

__all__ = ["PARSER", "CargoOptions", "CargoParser"]

_TEST: Final = re.compile(r"test (?P<name>\S.{0,400}?)(?: - should panic)? \.\.\. (?P<end>ok|FAILED|ignored)(?:, .*)?")
_ENDS: Final[dict[str, TestStatus]] = {"ok": "passed", "FAILED": "failed", "ignored": "skipped"}
_PRINTED: Final = re.compile(r"---- (?P<name>\S.{0,400}?) stdout ----")
_RUNS: Final = re.compile(r"\s*(?:Running|Doc-tests) (?P<what>[^(]{1,200})(?:\(.*\))?")
_NOT_BUILT: Final = re.compile(r"error(?:\[E\d+\])?: ")
_BUILD: Final = "cargo build"


class CargoOptions(ParserOptions):
    """The lines of `cargo test`."""

    kind: Literal["cargo"] = "cargo"  # pyright: ignore[reportIncompatibleVariableOverride]  # frozen: never set


class CargoParser:
    """Reads what is printed; what cannot be built is one failed test."""

    def __init__(self, options: CargoOptions) -> None:
        self._options = options

    def arrange(self, command: tuple[str, ...], report: Path) -> tuple[tuple[str, ...], dict[str, str]]:
        """See the protocol."""
        return command, {}

    def count(self, output: CheckOutput) -> Counts | None:
        """See the protocol."""
        ends, printed = NamedEnds(), _printed(output.lines)
        for line in output.lines:
            if found := _TEST.fullmatch(line.strip()):
                name = found["name"]
                ends.add(name, _ENDS[found["end"]], printed.get(name, ""))
        if ends.is_empty and output.exit_code:
            errors = [line for line in output.lines if _NOT_BUILT.match(line.strip())]
            if errors:
                ends.add(_BUILD, "failed", "\n".join(output.lines))
        return ends.counted(is_whole=not output.is_cut)


def _printed(lines: Sequence[str]) -> dict[str, str]:
    """What each failed test printed, by its name."""
    found: dict[str, list[str]] = {}
    name: str | None = None
    for line in lines:
        if header := _PRINTED.fullmatch(line.strip()):
            name = header["name"]
        elif line.strip() == "failures:" or _RUNS.fullmatch(line):
            name = None
        elif name is not None:
            found.setdefault(name, []).append(line)
    return {one: "\n".join(text).strip() for one, text in found.items()}


def _is_cargo_test(command: Sequence[str]) -> bool:
    words = [word for word in command[1:] if not word.startswith("+")]
    return PurePath(command[0]).name == "cargo" and words[:1] in (["test"], ["t"])


PARSER: Final = CheckParser(options=CargoOptions, parser=CargoParser, claims=_is_cargo_test)
