"""pytest's result by the JUnit report that it is ordered to write; `junit.py` counts it."""

import shlex
from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import Final, Literal

from ompycord.checks.counts import Counts
from ompycord.checks.parser import CheckOutput, CheckParser, ParserOptions
from ompycord.checks.probes.probe import PytestProbe
from ompycord.checks.python_command import python_module

__all__ = ["PARSER", "PytestOptions", "PytestParser"]

_PYTEST: Final = frozenset({"pytest", "py.test"})
_NEVER_GREEN: Final = {3: "pytest failed internally", 4: "pytest was called wrongly", 5: "pytest found no tests"}
"""https://docs.pytest.org/en/stable/reference/exit-codes.html; none of them means anything about the code."""


class PytestOptions(ParserOptions):
    """pytest's JUnit report."""

    kind: Literal["pytest"] = "pytest"  # pyright: ignore[reportIncompatibleVariableOverride]  # frozen: never set


class PytestParser:
    """Has a report written beside the checkout."""

    def __init__(self, options: PytestOptions) -> None:
        self._options = options

    def arrange(self, command: tuple[str, ...], report: Path) -> tuple[tuple[str, ...], dict[str, str]]:
        """See the protocol. pytest behind another command, such as `make test`, gets the order by a variable."""
        option = f"--junitxml={report}"
        if not _is_pytest(command):
            return command, {"PYTEST_ADDOPTS": shlex.quote(option)}  # pytest splits it as a shell does
        at = command.index("--") if "--" in command else len(command)
        return (*command[:at], option, *command[at:]), {}

    def count(self, output: CheckOutput) -> Counts | None:
        """See the protocol."""
        from ompycord.checks.junit import junit_counts

        raw = output.report()
        return None if raw is None else junit_counts(raw)


def _is_pytest(command: Sequence[str]) -> bool:
    """Whether it starts pytest itself: `pytest …` or `python … -m pytest …`."""
    return PurePath(command[0]).name in _PYTEST or python_module(command) in _PYTEST


PARSER: Final = CheckParser(
    options=PytestOptions,
    parser=PytestParser,
    claims=_is_pytest,
    never_green=_NEVER_GREEN,
    probe=lambda: PytestProbe("pytest_program.py"),
)
