"""Runners with a look into their process: what is reported, the canary, a selection, and where none can be had."""

import os
import sys
from pathlib import Path

import pytest

from ompycord.checks.local import LocalChecks
from ompycord.domain.checking.probe import Probe
from ompycord.domain.ids import RunId, new_ulid
from ompycord.domain.ports import CheckRun
from ompycord.domain.repository import CheckSpec
from ompycord.workspaces.confinement.launcher import UnconfinedLauncher
from tests.support.cheating import PLUGINS

UNITTEST: tuple[str, ...] = ("{python}", "-m", "unittest")
PYTEST: tuple[str, ...] = ("{python}", "-m", "pytest", "-q", "-p", "no:cacheprovider", *PLUGINS)
FAILS = Probe(canary="fails")
TESTS: dict[tuple[str, ...], str] = {
    UNITTEST: """\
import unittest
class T(unittest.TestCase):
    def test_a(self): self.assertEqual(1, 1)
    def test_b(self): self.assertEqual(1, 2)
    @unittest.skip("x")
    def test_c(self): pass
    @unittest.expectedFailure
    def test_d(self): self.fail()
    def test_e(self):
        for number in (1, 2):
            with self.subTest(number=number): self.assertEqual(number, 1)
""",
    PYTEST: """\
import pytest
def test_a(): assert True
def test_b(): assert 1 == 2
@pytest.mark.skip
def test_c(): pass
@pytest.mark.xfail
def test_d(): assert False
@pytest.fixture
def broken(): raise ValueError("no")
def test_e(broken): pass
""",
}
PREFIX: dict[tuple[str, ...], str] = {UNITTEST: "test_x.T.", PYTEST: "test_x.py::"}
GREEN: dict[tuple[str, ...], str] = {
    UNITTEST: "import unittest\nclass T(unittest.TestCase):\n    def test_a(self): pass\n",
    PYTEST: "def test_a(): pass\n",
}
each_runner = pytest.mark.parametrize("command", [UNITTEST, PYTEST], ids=["unittest", "pytest"])


async def look(tree: Path, command: tuple[str, ...], text: str, probe: Probe | None, parser: str = "auto") -> CheckRun:
    tree.mkdir(parents=True, exist_ok=True)
    (tree / "test_x.py").write_text(text)
    checks = LocalChecks(launcher=UnconfinedLauncher(path=os.environ["PATH"]))
    spec = CheckSpec.model_validate({"name": "c", "command": command, "parser": parser, "timeout_s": 60})
    return await checks.run(RunId(new_ulid(now_ms=0, entropy=os.urandom(10))), spec, tree, probe)


@each_runner
async def test_each_test_is_reported_with_its_end_and_its_error(tmp_path: Path, command: tuple[str, ...]) -> None:
    ran = await look(tmp_path / "p/tree", command, TESTS[command], Probe())
    prefix = PREFIX[command]
    assert ran.tests == {
        f"{prefix}test_a": "passed", f"{prefix}test_b": "failed", f"{prefix}test_c": "skipped",
        f"{prefix}test_d": "skipped", f"{prefix}test_e": "failed",
    }  # fmt: skip
    finished = ran.finished
    assert (finished.status, finished.passed, finished.failed, finished.skipped) == ("failed", 1, 2, 2)
    assert set(finished.failing) == {f"{prefix}test_b", f"{prefix}test_e"}
    assert {error.test for error in ran.errors} == set(finished.failing)
    assert "1" in ran.errors[0].error
    assert "2" in ran.errors[0].error
    assert ran.canary == "passed"


@each_runner
async def test_a_canary_that_must_fail_fails_and_costs_the_check_nothing(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    ran = await look(tmp_path / "p/tree", command, GREEN[command], FAILS)
    assert (ran.finished.status, ran.finished.passed, ran.finished.failed) == ("passed", 1, 0)
    assert (ran.canary, ran.unfailing) == ("failed", ())


@each_runner
async def test_of_a_selection_only_those_run(tmp_path: Path, command: tuple[str, ...]) -> None:
    only = frozenset({f"{PREFIX[command]}test_a"})
    ran = await look(tmp_path / "p/tree", command, TESTS[command], Probe(only=only))
    assert (ran.tests, ran.finished.status) == (dict.fromkeys(only, "passed"), "passed")


@each_runner
@pytest.mark.parametrize("probe", [Probe(), FAILS], ids=["passes", "fails"])
async def test_a_process_that_ends_well_before_its_end_proves_nothing(
    tmp_path: Path, command: tuple[str, ...], probe: Probe
) -> None:
    ran = await look(tmp_path / "p/tree", command, GREEN[command] + "import os\nos._exit(0)\n", probe)
    assert (ran.finished.status, ran.canary) == ("error", "missing")


@each_runner
async def test_assertions_that_do_not_fail_are_named(tmp_path: Path, command: tuple[str, ...]) -> None:
    patch = "import unittest\nunittest.TestCase.assertEqual = lambda *given: None\n"
    ran = await look(tmp_path / "p/tree", command, patch + GREEN[command], FAILS)
    assert ran.finished.status == "error"
    assert "assertEqual" in ran.unfailing
    assert "no longer fails" in (ran.finished.detail or "")


@each_runner
async def test_an_exit_code_that_hides_a_failed_test_is_a_lie(tmp_path: Path, command: tuple[str, ...]) -> None:
    hides = "import atexit, os\natexit.register(os._exit, 0)\n"
    ran = await look(tmp_path / "p/tree", command, hides + GREEN[command], FAILS)
    assert (ran.finished.status, ran.canary) == ("error", "failed")
    assert ran.finished.detail == "it ended with exit code 0 although a test failed"


@each_runner
async def test_without_a_test_it_is_said_that_none_ran(tmp_path: Path, command: tuple[str, ...]) -> None:
    ran = await look(tmp_path / "p/tree", command, "", Probe())
    assert (ran.finished.status, ran.tests) == ("error", {})


@each_runner
async def test_a_file_that_cannot_be_imported_is_a_failed_test(tmp_path: Path, command: tuple[str, ...]) -> None:
    ran = await look(tmp_path / "p/tree", command, "import no_such_module_here\n", Probe())
    assert ran.finished.status == "failed"
    assert "no_such_module_here" in ran.errors[0].error


async def test_pytest_behind_a_script_has_a_canary_too(tmp_path: Path) -> None:
    tree = tmp_path / "p/tree"
    tree.mkdir(parents=True)
    (tree / "run.sh").write_text(f"exec {' '.join(PYTEST)}\n".replace("{python}", sys.executable))
    ran = await look(tree, ("sh", "run.sh"), GREEN[PYTEST], Probe(), parser="pytest")
    assert (ran.canary, ran.finished.status) == ("passed", "passed")


async def test_a_script_that_keeps_our_program_away_is_read_by_its_report_alone(tmp_path: Path) -> None:
    tree = tmp_path / "p/tree"
    tree.mkdir(parents=True)
    command = " ".join(("$0", *PYTEST[1:]))
    ran = await look(
        tree, ("sh", "-c", f"unset PYTHONPATH; exec {command}", "{python}"), GREEN[PYTEST], Probe(), parser="pytest"
    )
    assert (ran.finished.status, ran.canary) == ("passed", None)
    assert ran.tests == {"test_x::test_a": "passed"}


async def test_a_runner_that_cannot_be_looked_into_runs_as_it_is(tmp_path: Path) -> None:
    ran = await look(tmp_path / "p/tree", ("sh", "-c", "exit 0"), "", FAILS)
    assert (ran.finished.status, ran.canary, ran.tests) == ("passed", None, None)


async def test_a_killed_run_keeps_what_was_reported_until_then(tmp_path: Path) -> None:
    text = "import os\ndef test_a(): pass\ndef test_b(): os.kill(os.getpid(), 9)\n"
    ran = await look(tmp_path / "p/tree", PYTEST, text, Probe())
    assert ran.finished.status == "error"
    assert ran.tests == {"test_x.py::test_a": "passed"}
