"""jest's result by the report in JSON that it is ordered to write; `jest_report.py` reads it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal

from ompycord.checks.counts import Counts
from ompycord.checks.jest_report import jest_counts, starts, with_options
from ompycord.checks.parser import CheckOutput, CheckParser, ParserOptions

__all__ = ["PARSER", "JestOptions", "JestParser"]


class JestOptions(ParserOptions):
    """jest's report in JSON."""

    kind: Literal["jest"] = "jest"  # pyright: ignore[reportIncompatibleVariableOverride]  # frozen: never set


class JestParser:
    """Has a report written beside the checkout."""

    def __init__(self, options: JestOptions) -> None:
        self._options = options

    def arrange(self, command: tuple[str, ...], report: Path) -> tuple[tuple[str, ...], dict[str, str]]:
        """See the protocol. A package manager hands the order on: `npm test -- --json …`."""
        return with_options(command, ("--json", f"--outputFile={report}")), {}

    def count(self, output: CheckOutput) -> Counts | None:
        """See the protocol."""
        raw = output.report()
        return None if raw is None else jest_counts(raw)


def _claims(command: Sequence[str]) -> bool:
    return starts(command, "jest")


PARSER: Final = CheckParser(options=JestOptions, parser=JestParser, claims=_claims)
