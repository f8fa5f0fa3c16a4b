"""Any program's result by a JUnit report: `{report}` in its command is where it writes it."""

from pathlib import Path
from typing import Final, Literal

from ompycord.checks.counts import Counts
from ompycord.checks.parser import CheckOutput, CheckParser, ParserOptions

__all__ = ["PARSER", "JunitOptions", "JunitParser"]

_REPORT: Final = "{report}"


class JunitOptions(ParserOptions):
    """A JUnit report."""

    kind: Literal["junit"] = "junit"  # pyright: ignore[reportIncompatibleVariableOverride]  # frozen: never set


class JunitParser:
    """Says where the report is expected."""

    def __init__(self, options: JunitOptions) -> None:
        self._options = options

    def arrange(self, command: tuple[str, ...], report: Path) -> tuple[tuple[str, ...], dict[str, str]]:
        """See the protocol."""
        return tuple(word.replace(_REPORT, str(report)) for word in command), {}

    def count(self, output: CheckOutput) -> Counts | None:
        """See the protocol."""
        from ompycord.checks.junit import junit_counts

        raw = output.report()
        return None if raw is None else junit_counts(raw)


PARSER: Final = CheckParser(options=JunitOptions, parser=JunitParser)
