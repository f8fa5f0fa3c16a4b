"""What holds for every test: Hypothesis profiles, the shared reference data, and the list of tests that may skip."""

import gc
import os
from collections.abc import Generator
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler import LoadGroupScheduling

from tests.e2e.clients.table import ClientsTable
from tests.support.chosen_files import LONG_BY_THEMSELVES, RARE, names, nothing_is_chosen
from tests.support.patience import patience, patient
from tests.support.progress import ProgressLine
from tests.support.skip_list import SHARED_CLASS, Skip, differences, read_expected
from tests.support.worker_groups import FileGroupScheduling

TESTS: Final = Path(__file__).resolve().parent
EXPECTED_SKIPS: Final = TESTS / "expected_skips.txt"
SHARED: Final = next(
    (at / "shared" for at in TESTS.parent.parents if (at / "shared" / "data" / "discord").is_dir()), None
)
"""The reference data beside the repository, or above it for a worktree."""
NO_SHARED: Final = f"{SHARED_CLASS}: the reference data beside the repository is missing"

# Products and command lines that tests start read their bytecode instead of compiling a second's worth of CPU each.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# `deadline=None`: a busy machine is no failure. `--hypothesis-profile=soak` takes the big numbers.
settings.register_profile("ci", max_examples=100, deadline=None, print_blob=True)
settings.register_profile("soak", settings.get_profile("ci"), max_examples=5000)
settings.load_profile("ci")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of the reference data. Mark the test `shared` too: the mark decides whether a miss skips or fails."""
    if SHARED is None:
        _miss()
    assert SHARED is not None
    return SHARED


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """First of all, so that no other reason to skip hides that the data is missing."""
    if SHARED is None and item.get_closest_marker("shared") is not None:
        _miss()


def _miss() -> None:
    if os.environ.get("OMPYCORD_REQUIRE_SHARED") == "1":
        pytest.fail(f"{NO_SHARED}, and OMPYCORD_REQUIRE_SHARED=1 says that it is here", pytrace=False)
    pytest.skip(NO_SHARED)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What needs a browser or a registry is long. First of all, so that `-m` sees it."""
    for item in items:
        rare = RARE.intersection(mark.name for mark in item.iter_markers())
        if rare and not names(item.path.read_text("utf-8"), rare):
            raise pytest.UsageError(
                f"{item.nodeid} has {', '.join(sorted(rare))} from elsewhere; its file must name it"
            )
        if any(item.get_closest_marker(name) for name in LONG_BY_THEMSELVES):
            item.add_marker(pytest.mark.long)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """What is collected stays to the end: the garbage collector need not look at it after each few hundred objects."""
    gc.collect()
    gc.freeze()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """A file of which nothing can be chosen need not be imported, with its browser or an agent's SDK."""
    if not collection_path.name.startswith("test_") or collection_path.suffix != ".py":
        return None
    if any(Path(argument.split("::")[0]).absolute() == collection_path for argument in config.args):
        return None
    return True if nothing_is_chosen(collection_path, config.option.markexpr) else None


class PatientTests:
    """Measures how slow the machine is, when the suite starts and between tests, and gives each test its bound."""

    def pytest_report_header(self) -> str:
        return f"patience: bounds of waiting are multiplied by {patience().factor:.1f} and more as load grows"

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self) -> Generator[None, object, object]:
        patience().refresh()
        return (yield)

    @pytest.hookimpl(tryfirst=True)
    def pytest_timeout_set_timer(self, item: pytest.Item, settings: Any) -> bool:
        """In place of pytest-timeout's own, which gets the bound scaled. It has no types."""
        plugin: Any = item.config.pluginmanager.get_plugin("timeout")
        plugin.pytest_timeout_set_timer(item, settings._replace(timeout=patient(settings.timeout)))
        return True


class SkipJudge:
    """With CI=true, fails the session whose skips are not those of expected_skips.txt.

    Hears the reports of all workers.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._skipped: set[Skip] = set()
        self._ran: set[str] = set()
        self._found: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        # pytest-xdist adds `@group` to the id of a grouped test.
        test = report.nodeid.split("@")[0] if "@" in report.nodeid.rsplit("]", 1)[-1] else report.nodeid
        if report.skipped and not hasattr(report, "wasxfail"):
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
            self._skipped.add(Skip.of(test, reason))
        elif report.when == "call":
            self._ran.add(test)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        if exitstatus not in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED}:
            return
        options = self._config.option
        is_whole = (
            self._config.args_source is pytest.Config.ArgsSource.TESTPATHS
            and not options.keyword
            and "not long" in options.markexpr
        )
        expected = read_expected(EXPECTED_SKIPS, has_shared=SHARED is not None)
        self._found = differences(expected, self._skipped, self._ran, is_whole=is_whole)
        if self._found:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self._found:
            terminalreporter.section("skips that differ from tests/expected_skips.txt", red=True)
            for line in self._found:
                terminalreporter.line(line)


class JudgedMessages:
    """Counts the messages to Discord that tests held against Discord's own description, over all workers.

    And says so.
    """

    NAME = "messages_judged"

    def __init__(self) -> None:
        self._judged = 0

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "teardown":
            self._judged += sum(int(str(value)) for name, value in report.user_properties if name == self.NAME)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self._judged:
            terminalreporter.line(f"messages to Discord validated against its own description: {self._judged}")


class OneWorkerAGroup:
    """Sends the tests of a marked file to one worker."""

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Producer) -> LoadGroupScheduling | None:
        return FileGroupScheduling(config, log) if config.getoption("dist") == "loadgroup" else None


def pytest_configure(config: pytest.Config) -> None:
    patience()  # measured before workers start: they inherit the figure
    config.pluginmanager.register(PatientTests(), "patient-tests")
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(OneWorkerAGroup(), "one-worker-a-group")
        config.pluginmanager.register(JudgedMessages(), "judged-messages")
        config.pluginmanager.register(ClientsTable(), "clients-table")
        config.pluginmanager.register(ProgressLine(config), "progress-line")
    if os.environ.get("CI") == "true" and not hasattr(config, "workerinput"):
        config.pluginmanager.register(SkipJudge(config), "skip-judge")
