"""The contract of a check parser, rule by rule: what Ompycord relies on, tried on the parser itself.

Counterpart of `agents/conformance.py`, which does it for agents. A rule is a function whose name is its sentence.
"""

import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from ompycord.app.conformance import RuleVerdict
from ompycord.checks.counts import Counts
from ompycord.checks.parser import CheckOutput, CheckParser, OutputParser

__all__ = ["judge_parser"]

_ODD: Final[tuple[tuple[str, ...], ...]] = (
    ("make",),
    ("prove", "-r", "t"),
    ("{python}", "-m", "pytest", "-q"),
    ("./run tests.sh", "--", "--output=x", ""),
    ("\N{SNOWMAN}", "a\nb"),
)
_HOSTILE: Final[tuple[tuple[str, ...], ...]] = (
    (),
    ("",),
    ("\x00\x1b[31m", "\ud800".encode("utf-8", "replace").decode()),
    tuple("ok 1" * 20_000 for _ in range(3)),
    tuple(f"not ok {number} - {'x' * 200}" for number in range(5_000)),
)
_REPORTS: Final[tuple[bytes | None, ...]] = (None, b"", b"\xff\xfe\x00<", b"{" * 100_000)
_LONG_S: Final = 10.0
"""Far more than reading one output may take anywhere: what takes longer is not linear."""


class _Broken(Exception):  # between a rule and its judge
    """Why a rule is not kept."""


Rule = Callable[[CheckParser[Any]], None]


def judge_parser(record: CheckParser[Any]) -> list[RuleVerdict]:
    """Every rule's verdict, in order. The parser's code runs here, and blocks."""
    return [_judged(rule, record) for rule in _RULES]


def _judged(rule: Rule, record: CheckParser[Any]) -> RuleVerdict:
    name = rule.__name__.replace("_", " ").strip()
    try:
        rule(record)
    except _Broken as broken:
        return RuleVerdict(rule=name, kept=False, why=str(broken))
    except (Exception, SystemExit) as error:  # noqa: BLE001  # code that is not ours may raise anything
        return RuleVerdict(rule=name, kept=False, why=f"it raised {type(error).__name__}: {error}"[:300])
    return RuleVerdict(rule=name, kept=True)


def is_made_with_its_defaults(record: CheckParser[Any]) -> None:
    options = record.options()
    if options.kind != record.name:
        raise _Broken(f"its options call it {options.kind}")
    _reader(record)


def answers_for_any_command_whether_it_knows_it(record: CheckParser[Any]) -> None:
    for command in _ODD:
        if record.claims(command) not in {True, False}:
            raise _Broken(f"claims({command!r}) is neither True nor False")


def arranges_a_command_that_can_be_started(record: CheckParser[Any]) -> None:
    for command in _ODD:
        with tempfile.TemporaryDirectory(prefix="ompycord-plugin-") as folder:
            arranged, variables = _reader(record).arrange(command, Path(folder) / "report")
        words = [*arranged, *variables, *variables.values()]
        if not arranged or any(type(word) is not str for word in words):
            raise _Broken(f"of {command!r} it makes {arranged!r} with {variables!r}")
        if any("=" in name or not name for name in variables):
            raise _Broken(f"{[*variables]!r} are no names of variables")


def counts_or_returns_nothing_whatever_was_printed(record: CheckParser[Any]) -> None:
    for lines in _HOSTILE:
        for report in _REPORTS:
            for code in (0, 1, None):
                _checked(_counted(record, lines, report, code))


def makes_no_failure_of_nothing_and_no_success_either(record: CheckParser[Any]) -> None:
    counts = _counted(record, (), None, 0)
    if counts is not None and (counts.passed or counts.failed):
        raise _Broken(f"an output without a line is {counts.passed} passed and {counts.failed} failed")


def reads_a_long_output_in_a_time_that_grows_with_its_length(record: CheckParser[Any]) -> None:
    began = time.perf_counter()
    _counted(record, tuple("(" * 2_000 + "ok" for _ in range(500)), None, 1)
    if time.perf_counter() - began > _LONG_S:
        raise _Broken("a million characters took it too long")


def counts_the_same_output_the_same_way_twice(record: CheckParser[Any]) -> None:
    lines = ("ok 1 - one", "not ok 2 - two", "2 passed, 1 failed", "FAILED (failures=1)")
    if _counted(record, lines, None, 1) != _counted(record, lines, None, 1):
        raise _Broken("it counts otherwise the second time: it keeps something between two runs")


_RULES: Final[tuple[Rule, ...]] = (
    is_made_with_its_defaults,
    answers_for_any_command_whether_it_knows_it,
    arranges_a_command_that_can_be_started,
    counts_or_returns_nothing_whatever_was_printed,
    makes_no_failure_of_nothing_and_no_success_either,
    reads_a_long_output_in_a_time_that_grows_with_its_length,
    counts_the_same_output_the_same_way_twice,
)


def _reader(record: CheckParser[Any]) -> OutputParser:
    reader = record.reader(record.options())
    if reader is None:
        raise _Broken("it has no parser: the exit code alone would decide")
    return reader


def _counted(record: CheckParser[Any], lines: Sequence[str], report: bytes | None, code: int | None) -> Counts | None:
    return _reader(record).count(CheckOutput(lines=lines, exit_code=code, report=lambda: report))


def _checked(counts: Counts | None) -> None:
    if counts is None:
        return
    if not isinstance(counts, Counts):  # pyright: ignore[reportUnnecessaryIsInstance]  # code that is not ours
        raise _Broken(f"count returns {type(counts).__name__} instead of Counts or None")
    if min(counts.passed, counts.failed, counts.skipped) < 0:
        raise _Broken("a number of tests is negative")
    if counts.failing and not counts.failed:
        raise _Broken("it names tests that failed and counts none")
