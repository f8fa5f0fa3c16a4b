"""A line every half minute while the suite runs.

How many tests are done of how many, failures, seconds, the slowest now.

Plain text, so that a log of continuous integration shows it like a terminal does. Registered by tests/conftest.py.
"""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Final

import pytest

EVERY_S: Final = 30.0


class Progress:
    """What is counted, and the sentence made of it."""

    def __init__(self, *, now_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s = now_s
        self._began_s = now_s()
        self._running: dict[str, float] = {}
        self.total = 0
        self.done = 0
        self.failed = 0

    def started(self, test: str) -> None:
        self._running[test] = self._now_s()

    def finished(self, test: str) -> None:
        self._running.pop(test, None)
        self.done += 1

    def line(self) -> str:
        """Such as `progress: 310 of 4096 tests after 90 s, 1 failed; longest now: tests/a.py::test_b for 12 s`."""
        now = self._now_s()
        said = f"progress: {self.done} of {self.total or '?'} tests after {now - self._began_s:.0f} s"
        if self.failed:
            said += f", {self.failed} failed"
        if running := dict(self._running):
            test = min(running, key=lambda name: running[name])
            said += f"; longest now: {test} for {now - running[test]:.0f} s"
        return said


class ProgressLine:
    """Counts in the process that a person watches.

    Where workers run the tests a thread keeps the time, so that a suite that stands still is seen too. Where this
    process runs them itself the line comes between tests: no test finds a thread of ours.
    """

    def __init__(self, config: pytest.Config, *, progress: Progress | None = None) -> None:
        self._config = config
        self._progress = progress or Progress()
        self._has_workers = bool(config.getoption("numprocesses", None))
        self._ended = threading.Event()
        self._next_s = time.monotonic() + EVERY_S

    def pytest_sessionstart(self) -> None:
        if self._has_workers:
            threading.Thread(target=self._keep_time, name="progress", daemon=True).start()

    def pytest_sessionfinish(self) -> None:
        self._ended.set()

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self._progress.total = self._progress.total or len(session.items)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: object, ids: Sequence[str]) -> None:
        self._progress.total = len(ids)

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._progress.started(nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._progress.failed += 1

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        self._progress.finished(nodeid)
        if not self._has_workers and time.monotonic() >= self._next_s:
            self._next_s = time.monotonic() + EVERY_S
            self._print()

    def _keep_time(self) -> None:
        while not self._ended.wait(EVERY_S):
            self._print()

    def _print(self) -> None:
        terminal = self._config.pluginmanager.get_plugin("terminalreporter")
        if isinstance(terminal, pytest.TerminalReporter):
            terminal.write(f"\n{self._progress.line()}\n", flush=True)  # it knows no end of a line of dots
