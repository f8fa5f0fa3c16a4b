"""Runs the tests in processes that are forked once everything is imported and collected: `--forks 6`.

pytest-xdist's workers import the product and collect every test each on its own, which is most of what a short test
costs. Its counterparts are tests/conftest.py, which brings it in, and `worker_groups.py`, which says what stays on one
worker. What the processes say to each other is pickled, over a pipe each:

    to a worker      the number of a test, or None: that was the last
    from a worker    what is said of a test once it is done, and what the worker has to tell at its end
"""

import atexit
import gc
import multiprocessing
import os
import signal
import sys
import traceback
import warnings
from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from multiprocessing.connection import Connection, wait
from types import SimpleNamespace
from typing import Any, Final, NoReturn

import pytest

from tests.support.worker_groups import group_of

__all__ = ["ForkedWorkers", "pytest_addoption"]

AHEAD: Final = 3
"""Tests that a worker knows of: the one that runs, the next, which says what is torn down, and one on the way."""
LOOK_S: Final = 1.0
CRASHES: Final = 4
"""For each worker; more of them end the session."""
_OF_THE_FIRST_PROCESS: Final = ("terminalreporter", "lfplugin", "nfplugin")
"""Plugins that print or keep what only all workers know together."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--forks N`."""
    group = parser.getgroup("forks")
    group.addoption("--forks", type=int, default=0, metavar="N", help="run the tests in N processes, forked when ready")


class Worker:
    """One process as the first one sees it, with what pytest's reporters ask of a node of pytest-xdist."""

    def __init__(self, config: pytest.Config, number: int) -> None:
        self.config = config
        self.gateway = SimpleNamespace(id=f"fork{number}")
        self.number = number
        self.workeroutput: dict[str, Any] = {}
        self._workerinfocache = ""  # what a failure's text begins with
        self.pending: deque[int] = deque()
        """What it was told to run and has not said to be done; the first is running."""
        self.unit: deque[int] = deque()
        """The rest of the group whose tests it runs."""
        self.is_told_all = False
        self.has_ended = False
        self.error = ""
        self.pid = 0
        self.connection: Connection[Any, Any] = None  # pyright: ignore[reportAttributeAccessIssue]  # set by the fork


class ForkedWorkers:
    """A plugin: `pytest_runtestloop` of the first process, and the life of each worker."""

    def __init__(
        self,
        config: pytest.Config,
        number: int,
        *,
        begin: Callable[[], object] = lambda: None,
        tick: Callable[[], None] = lambda: None,
    ) -> None:
        """`begin` is called once, before anything is collected; `tick` about every second while tests run."""
        self._config = config
        self._number = number
        self._begin, self._tick = begin, tick
        self._session: pytest.Session = None  # pyright: ignore[reportAttributeAccessIssue]  # set by the hook
        self._units: deque[deque[int]] = deque()
        self._workers: list[Worker] = []
        self._started = 0
        self._told = 0
        """Tests of which was heard how they ended."""

    def pytest_sessionstart(self) -> None:
        self._begin()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection(self) -> Generator[None, object, object]:
        """Nothing of what is made now goes away, so nobody looks for what could."""
        gc.disable()
        try:
            return (yield)
        finally:
            gc.enable()
            gc.freeze()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        options = session.config.option
        if options.collectonly or (session.testsfailed and not options.continue_on_collection_errors):
            return None
        self._session = session
        temporary: Any = session.config
        temporary._tmp_path_factory.getbasetemp()  # one for all workers
        self._units = units_of([item.nodeid for item in session.items])
        try:
            self._fork(min(self._number, len(self._units)))
            self._follow()
        finally:
            for worker in self._workers:
                os.kill(worker.pid, signal.SIGTERM)
                self._bury(worker)
        return True

    # -- the first process ---------------------------------------------------------------------------------------------

    def _fork(self, number: int) -> None:
        capture: Any = self._config.pluginmanager.get_plugin("capturemanager")
        capture.stop_global_capturing()
        for _ in range(number):
            self._started += 1
            worker = Worker(self._config, self._started)
            ours, theirs = multiprocessing.Pipe()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # a plugin's thread: it holds nothing of ours
                worker.pid = os.fork()
            if worker.pid == 0:
                for connection in (ours, *(other.connection for other in self._workers)):
                    connection.close()
                capture.start_global_capturing()
                _work(self._session, theirs, worker.gateway.id)
            theirs.close()
            worker.connection = ours
            self._workers.append(worker)
        capture.start_global_capturing()
        for worker in self._workers:
            if not worker.pending:
                self._refill(worker)
                self._begun(worker)

    def _refill(self, worker: Worker) -> None:
        while len(worker.pending) < AHEAD and not worker.is_told_all:
            stops = self._session.shouldfail or self._session.shouldstop
            if not worker.unit and self._units and not stops:
                worker.unit = self._units.popleft()
            number = worker.unit.popleft() if worker.unit and not stops else None
            try:
                worker.connection.send(number)
            except OSError:  # it is gone, which is heard as its end
                if number is not None:
                    worker.unit.appendleft(number)
                return
            if number is None:
                worker.is_told_all = True
            else:
                worker.pending.append(number)

    def _begun(self, worker: Worker) -> None:
        if worker.pending:
            item = self._session.items[worker.pending[0]]
            self._config.hook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)

    def _follow(self) -> None:
        while self._workers:
            heard = set(wait([worker.connection for worker in self._workers], LOOK_S))
            for worker in [one for one in self._workers if one.connection in heard]:
                try:
                    name, arguments = worker.connection.recv()
                except (EOFError, OSError):
                    self._end(worker)
                else:
                    getattr(self, f"hear_{name}")(worker, *arguments)
            self._tick()
        if self._session.shouldfail:
            raise self._session.Failed(self._session.shouldfail)
        if self._session.shouldstop:
            raise self._session.Interrupted(self._session.shouldstop)
        if self._told != len(self._session.items):
            raise self._session.Failed(f"{len(self._session.items)} tests were collected, {self._told} were run")

    def hear_done(self, worker: Worker, number: int, said: Sequence[tuple[str, Any]]) -> None:
        hook = self._config.hook
        for what, told in said:
            if what == "report":
                report = hook.pytest_report_from_serializable(config=self._config, data=told)
                report.node = worker
                hook.pytest_runtest_logreport(report=report)
            else:
                hook.pytest_warning_recorded.call_historic(kwargs=told)
        item = self._session.items[number]
        hook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        assert worker.pending.popleft() == number
        self._told += 1
        self._begun(worker)
        self._refill(worker)

    def hear_error(self, worker: Worker, text: str) -> None:
        worker.error = text

    def hear_output(self, worker: Worker, output: dict[str, Any]) -> None:
        """It has run all that it was told."""
        worker.workeroutput = output
        worker.has_ended = True

    def _end(self, worker: Worker) -> None:
        code = self._bury(worker)
        self._workers.remove(worker)
        if worker.has_ended:
            if hasattr(self._config.hook, "pytest_testnodedown"):  # pytest-xdist's: plugins gather their parts by it
                self._config.hook.pytest_testnodedown(node=worker, error=None)
            return
        if worker.pending:
            running = worker.pending.popleft()
            self._told += 1
            self._report_crash(worker, self._session.items[running], code)
        if left := deque([*worker.pending, *worker.unit]):
            self._units.appendleft(left)
        if self._started >= self._number * (1 + CRASHES):
            self._session.shouldfail = f"{self._started} workers were started, and most of them crashed"
            raise self._session.Failed(self._session.shouldfail)
        if self._units:
            self._fork(1)

    def _bury(self, worker: Worker) -> int:
        worker.connection.close()
        _, status = os.waitpid(worker.pid, 0)
        return os.waitstatus_to_exitcode(status)

    def _report_crash(self, worker: Worker, item: pytest.Item, code: int) -> None:
        said = f"{worker.gateway.id} ended with {code} while it ran {item.nodeid}\n{worker.error}"
        report = pytest.TestReport(
            nodeid=item.nodeid, location=item.location, keywords={}, outcome="failed", longrepr=said, when="call"
        )
        self._config.hook.pytest_runtest_logreport(report=report)
        self._config.hook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)


def units_of(nodeids: Iterable[str]) -> deque[deque[int]]:
    """Numbers of tests that stay together: groups first, the largest of all, then each test by itself."""
    units: dict[str, deque[int]] = {}
    for number, nodeid in enumerate(nodeids):
        units.setdefault(group_of(nodeid) or nodeid, deque()).append(number)
    return deque(sorted(units.values(), key=len, reverse=True))


# -- a worker ----------------------------------------------------------------------------------------------------------


class _Teller:
    """A plugin of a worker: what reporters are to hear goes to the first process, a message a test."""

    def __init__(self, config: pytest.Config, connection: "Connection[Any, Any]") -> None:
        self._config = config
        self._connection = connection
        self._said: list[tuple[str, Any]] = []

    def tell(self, name: str, *arguments: object) -> None:
        self._connection.send((name, arguments))

    def done(self, number: int) -> None:
        self.tell("done", number, self._said)
        self._said = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        data = self._config.hook.pytest_report_to_serializable(config=self._config, report=report)
        self._said.append(("report", data))

    def pytest_warning_recorded(
        self,
        warning_message: warnings.WarningMessage,
        when: str,
        nodeid: str,
        location: tuple[str, int, str] | None,
    ) -> None:
        text = UserWarning(str(warning_message.message))  # its own class may be one that cannot be pickled
        told = warnings.WarningMessage(text, UserWarning, warning_message.filename, warning_message.lineno)
        self._said.append(("warning", {"warning_message": told, "when": when, "nodeid": nodeid, "location": location}))


def _work(session: pytest.Session, connection: "Connection[Any, Any]", name: str) -> NoReturn:
    """Run what is told, then end as a process does, without what the first process is to do at its end."""
    atexit._clear()  # pyright: ignore[reportPrivateUsage]  # what it would do at its end is not ours to do
    os.environ["PYTEST_XDIST_WORKER"] = name  # plugins look there whether they are one of many
    config: Any = session.config
    output: dict[str, Any] = {}
    config.workeroutput = output
    teller = _Teller(config, connection)
    code = 3
    try:
        for plugin in _OF_THE_FIRST_PROCESS:
            if config.pluginmanager.hasplugin(plugin):
                config.pluginmanager.unregister(name=plugin)
        config.pluginmanager.register(teller, "teller")
        _run(session, connection, teller)
        snapshots = sys.modules.get("syrupy")
        if snapshots is not None and hasattr(config, "_syrupy"):
            config._syrupy.finish()
        teller.tell("output", output)
        code = 0
    except BaseException:  # noqa: BLE001  # the last resort of a process
        _tell_error(teller)
    finally:
        atexit._run_exitfuncs()  # pyright: ignore[reportPrivateUsage]  # of what the tests began
        os._exit(code)


def _run(session: pytest.Session, connection: "Connection[Any, Any]", teller: _Teller) -> None:
    items = session.items
    current: int | None = connection.recv()
    while current is not None:
        following: int | None = connection.recv()
        session.config.hook.pytest_runtest_protocol(
            item=items[current], nextitem=None if following is None else items[following]
        )
        teller.done(current)
        current = following


def _tell_error(teller: _Teller) -> None:
    try:
        teller.tell("error", traceback.format_exc())
    except OSError:  # nobody is there: the first process has ended
        return


def pytest_configure(config: pytest.Config) -> None:
    """Where this file itself is the plugin, as in its own test; else tests/conftest.py registers `ForkedWorkers`."""
    plugins = config.pluginmanager
    number: int = config.option.forks
    if plugins.hasplugin(__name__) and number and not hasattr(config, "workerinput"):
        plugins.register(ForkedWorkers(config, number), "forked-workers")
