"""A plugin of pytest that says each failure as it happens: `python -m pytest -p tools.failures`.

Counterpart of `slow.py`, which reads these lines: pytest's own list comes at its end, which a run that is cut off has
not.
"""

from typing import Final

import pytest

__all__ = ["FAILING"]

FAILING: Final = "FAILING "
"""The beginning of such a line; the rest of it is the test, or the file that could not be collected."""


class Failures:
    """Hears the reports of all workers."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._said: set[str] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A test, its setup or its teardown."""
        if report.failed:
            self._say(report.nodeid)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A file, once for all workers that could not collect it."""
        if report.failed:
            self._say(report.nodeid)

    def _say(self, test: str) -> None:
        # pytest-xdist adds `@group` to the id of a grouped test.
        name = test.split("@", maxsplit=1)[0] if "@" in test.rsplit("]", 1)[-1] else test
        terminal = self._config.pluginmanager.get_plugin("terminalreporter")
        if name in self._said or not isinstance(terminal, pytest.TerminalReporter):
            return
        self._said.add(name)
        # On a line of its own, after the letters of progress; and now: the next test may end this process.
        terminal.write(f"\n{FAILING}{name}\n", flush=True)


def pytest_configure(config: pytest.Config) -> None:
    """Not in workers, whose reports come to the process that started them."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Failures(config), "ompycord-failures")
