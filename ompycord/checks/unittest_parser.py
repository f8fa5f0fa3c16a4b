"""unittest's result by its closing lines, which `counts.py` reads."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal

from ompycord.checks.counts import Counts, unittest_counts
from ompycord.checks.parser import CheckOutput, CheckParser, ParserOptions
from ompycord.checks.probes.probe import UnittestProbe
from ompycord.checks.python_command import python_module

__all__ = ["PARSER", "UnittestOptions", "UnittestParser"]


class UnittestOptions(ParserOptions):
    """unittest's closing lines."""

    kind: Literal["unittest"] = "unittest"  # pyright: ignore[reportIncompatibleVariableOverride]  # frozen: never set


class UnittestParser:
    """Needs no help of the command."""

    def __init__(self, options: UnittestOptions) -> None:
        self._options = options

    def arrange(self, command: tuple[str, ...], report: Path) -> tuple[tuple[str, ...], dict[str, str]]:
        """See the protocol."""
        return command, {}

    def count(self, output: CheckOutput) -> Counts | None:
        """See the protocol."""
        return unittest_counts(output.lines)


def _claims(command: Sequence[str]) -> bool:
    return python_module(command) == "unittest"


PARSER: Final = CheckParser(
    options=UnittestOptions, parser=UnittestParser, claims=_claims, probe=lambda: UnittestProbe("unittest_program.py")
)
