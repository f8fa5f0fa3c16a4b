"""A parser of checks as another distribution adds it: it reads `ok NAME` and `not ok NAME`, as TAP has them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal

from ompycord.checks.counts import Counts
from ompycord.checks.parser import CheckOutput, CheckParser, ParserOptions

__all__ = ["PARSER", "TapOptions", "TapParser"]


class TapOptions(ParserOptions):
    """Lines of the Test Anything Protocol."""

    kind: Literal["tap"] = "tap"  # pyright: ignore[reportIncompatibleVariableOverride]  # frozen: never set
    strict: bool = False
    """Whether a test that is to be done counts as failed."""


class TapParser:
    """Asks for TAP by a variable."""

    def __init__(self, options: TapOptions) -> None:
        self._strict = options.strict

    def arrange(self, command: tuple[str, ...], report: Path) -> tuple[tuple[str, ...], dict[str, str]]:
        """See the protocol."""
        return command, {"TEST_FORMAT": "tap"}

    def count(self, output: CheckOutput) -> Counts | None:
        """See the protocol."""
        counts = Counts()
        for line in output.lines:
            if line.startswith("ok "):
                counts.passed += 1
            elif line.startswith("not ok ") and ("# TODO" not in line or self._strict):
                counts.failed += 1
                counts.failing.append(line.removeprefix("not ok "))
        return counts if counts.passed or counts.failed else None


def _claims(command: Sequence[str]) -> bool:
    return Path(command[0]).name == "prove"


PARSER: Final = CheckParser(options=TapOptions, parser=TapParser, claims=_claims, never_green={9: "tap found no plan"})
