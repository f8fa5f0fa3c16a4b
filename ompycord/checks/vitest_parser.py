"""vitest's result by the report in JSON that it is ordered to write, of jest's shape; `jest_report.py` reads it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal

from ompycord.checks.counts import Counts
from ompycord.checks.jest_report import jest_counts, starts, with_options
from ompycord.checks.parser import CheckOutput, CheckParser, ParserOptions

__all__ = ["PARSER", "VitestOptions", "VitestParser"]


class VitestOptions(ParserOptions):
    """vitest's report in JSON."""

    kind: Literal["vitest"] = "vitest"  # pyright: ignore[reportIncompatibleVariableOverride]  # frozen: never set


class VitestParser:
    """Has a report written beside the checkout, and vitest end: it watches where it is not told to run."""

    def __init__(self, options: VitestOptions) -> None:
        self._options = options

    def arrange(self, command: tuple[str, ...], report: Path) -> tuple[tuple[str, ...], dict[str, str]]:
        """See the protocol."""
        order = ("--reporter=default", "--reporter=json", f"--outputFile.json={report}")
        return with_options(command, order), {"CI": "1"}

    def count(self, output: CheckOutput) -> Counts | None:
        """See the protocol."""
        raw = output.report()
        return None if raw is None else jest_counts(raw)


def _claims(command: Sequence[str]) -> bool:
    return starts(command, "vitest")


PARSER: Final = CheckParser(options=VitestOptions, parser=VitestParser, claims=_claims)
