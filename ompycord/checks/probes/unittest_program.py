"""Runs unittest as `python -m unittest` does, with the canary as the last test, a selection, and a report as it goes.

`probe.py` writes it beside the checkout, with other constants, and starts it in place of `-m unittest`. It runs in the
checked repository's Python; unittest is imported before the checkout can stand in its way.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
import unittest
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

    Err = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]

NAME, FAILS, REPORT, ONLY = "test_canary", False, "", None  # replaced
LONGEST = 8000
HERE = os.path.dirname(os.path.abspath(__file__))


def write(**fact: object) -> None:
    """One line of the report, on disk before the next test begins."""
    with open(REPORT, "a", encoding="utf-8", errors="replace") as file:
        file.write(json.dumps(fact) + "\n")


def raises(case: unittest.TestCase) -> None:
    """An exception that does not come."""
    with case.assertRaises(KeyError):
        pass


def fails(call: Callable[..., object], *arguments: object) -> bool:
    """Whether an assertion that must fail does so."""
    try:
        call(*arguments)
    except AssertionError:
        return True
    return False


def unfailing_assertions() -> list[str]:
    """Names of assertions that do not fail here any more."""
    case = unittest.TestCase()
    probes: list[tuple[str, Callable[..., object], tuple[object, ...]]] = [
        ("assertEqual", case.assertEqual, (1, 2)),
        ("assertEqual of lists", case.assertEqual, ([1], [2])),
        ("assertTrue", case.assertTrue, (False,)),
        ("assertFalse", case.assertFalse, (True,)),
        ("assertIn", case.assertIn, (1, [])),
        ("assertIs", case.assertIs, (None, 1)),
        ("fail", case.fail, ()),
        ("assertRaises", raises, (case,)),
    ]
    return [name for name, call, given in probes if not fails(call, *given)]


def canary(case: unittest.TestCase) -> None:
    """The last test of the run."""
    if not FAILS:
        return
    unfailing = unfailing_assertions()
    if unfailing:
        write(unfailing=unfailing)
        return
    raise AssertionError("the canary fails, as it should")


def name_of(case: unittest.TestCase) -> str:
    """The canary is known by its name alone."""
    return NAME


class ProbedResult(unittest.TextTestResult):
    """Reports each end of a test before it prints it."""

    def report(self, test: unittest.TestCase, outcome: str, err: Err | None = None) -> None:
        """One end of a test."""
        error = "".join(traceback.format_exception(*err))[-LONGEST:] if err is not None else ""
        write(id=test.id(), outcome=outcome, error=error)

    def addSuccess(self, test: unittest.TestCase) -> None:
        self.report(test, "passed")
        super().addSuccess(test)

    def addFailure(self, test: unittest.TestCase, err: Err) -> None:
        self.report(test, "failed", err)
        super().addFailure(test, err)

    def addError(self, test: unittest.TestCase, err: Err) -> None:
        self.report(test, "failed", err)
        super().addError(test, err)

    def addSkip(self, test: unittest.TestCase, reason: str) -> None:
        self.report(test, "skipped")
        super().addSkip(test, reason)

    def addExpectedFailure(self, test: unittest.TestCase, err: Err) -> None:
        self.report(test, "skipped")
        super().addExpectedFailure(test, err)

    def addUnexpectedSuccess(self, test: unittest.TestCase) -> None:
        self.report(test, "failed")
        super().addUnexpectedSuccess(test)

    def addSubTest(self, test: unittest.TestCase, subtest: unittest.TestCase, err: Err | None) -> None:
        if err is not None:
            self.report(test, "failed", err)
        super().addSubTest(test, subtest, err)


class Runner(unittest.TextTestRunner):
    """The usual one, with our result."""

    resultclass = ProbedResult  # pyright: ignore[reportAssignmentType]  # typeshed names the stream of a result privately


def each(suite: unittest.TestSuite) -> Iterator[unittest.TestCase]:
    """The tests of a suite, in order."""
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from each(test)
        else:
            yield test


class Program(unittest.TestProgram):
    """`python -m unittest`; without a test it ends as that does."""

    def runTests(self) -> None:
        if ONLY is not None:
            self.test = unittest.TestSuite([test for test in each(self.test) if test.id() in ONLY])
        if self.test.countTestCases():
            case = type("Canary", (unittest.TestCase,), {NAME: canary, "id": name_of})
            self.test = unittest.TestSuite([self.test, case(NAME)])
        super().runTests()


if __name__ == "__main__":
    if sys.path and sys.path[0] == HERE:  # not with -I, which imports nothing of the checkout
        sys.path[0] = os.getcwd()
    sys.argv[0] = "python -m unittest"
    Program(module=None, testRunner=Runner)
