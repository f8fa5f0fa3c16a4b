"""A plug-in for pytest: adds the canary as the last test, keeps a selection, reports each test as it ends.

`probe.py` writes it beside the checkout, with other constants, and names it with `-p`. It runs in the checked
repository's Python.
"""

from __future__ import annotations

import json
import unittest
from collections.abc import Callable

import pytest

NAME, FAILS, REPORT, ONLY = "test_canary", False, "", None  # replaced
LONGEST = 8000


def write(**fact: object) -> None:
    """One line of the report, on disk before the next test begins."""
    with open(REPORT, "a", encoding="utf-8", errors="replace") as file:
        file.write(json.dumps(fact) + "\n")


def fails(call: Callable[..., object], *arguments: object) -> bool:
    """Whether an assertion that must fail does so."""
    try:
        call(*arguments)
    except BaseException as error:
        return type(error).__name__ in ("Failed", "AssertionError")
    return False


def plain() -> None:
    """The usual assertion, false."""
    assert [1] == [2]


def raises() -> None:
    """An exception that does not come."""
    with pytest.raises(KeyError):
        pass


def unfailing_assertions() -> list[str]:
    """Names of assertions that do not fail here any more."""
    case = unittest.TestCase()
    probes: list[tuple[str, Callable[..., object], tuple[object, ...]]] = [
        ("assert", plain, ()),
        ("pytest.raises", raises, ()),
        ("assertEqual", case.assertEqual, (1, 2)),
        ("assertTrue", case.assertTrue, (False,)),
        ("assertFalse", case.assertFalse, (True,)),
        ("assertIn", case.assertIn, (1, [])),
        ("assertIs", case.assertIs, (None, 1)),
    ]
    return [name for name, call, given in probes if not fails(call, *given) and (__debug__ or name != "assert")]


class Canary(pytest.Item):
    """The last test of the run."""

    def runtest(self) -> None:
        if not FAILS:
            return
        unfailing = unfailing_assertions()
        if unfailing:
            write(unfailing=unfailing)
            return
        raise AssertionError("the canary fails, as it should")

    def reportinfo(self) -> tuple[str, int, str]:
        return "ompycord", 0, NAME


class Plugin:
    """What pytest calls; one for each process."""

    def __init__(self) -> None:
        self._is_worker = False

    @pytest.hookimpl(tryfirst=True)
    def pytest_cmdline_main(self, config: pytest.Config) -> None:
        """With a canary that fails all tests run in one process, the one that imports the product."""
        self._is_worker = hasattr(config, "workerinput")
        if FAILS and getattr(config.option, "dist", "no") != "no":
            config.option.dist, config.option.tx, config.option.numprocesses = "no", [], None

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(
        self, session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        if ONLY is not None:
            config.hook.pytest_deselected(items=[item for item in items if item.nodeid not in ONLY])
            items[:] = [item for item in items if item.nodeid in ONLY]
        if items:
            canary: pytest.Item = Canary.from_parent(session, name=NAME)  # pyright: ignore[reportUnknownMemberType]  # untyped there
            items.append(canary)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed and not self._is_worker:
            write(id=report.nodeid, outcome="failed", error=str(report.longrepr)[-LONGEST:])

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        is_end = report.when == "call" or report.outcome in ("failed", "skipped")
        if is_end and not self._is_worker:
            error = str(report.longrepr)[-LONGEST:] if report.failed else ""
            write(id=report.nodeid, outcome=report.outcome, error=error)


_plugin = Plugin()
pytest_cmdline_main = _plugin.pytest_cmdline_main
pytest_collection_modifyitems = _plugin.pytest_collection_modifyitems
pytest_collectreport = _plugin.pytest_collectreport
pytest_runtest_logreport = _plugin.pytest_runtest_logreport
