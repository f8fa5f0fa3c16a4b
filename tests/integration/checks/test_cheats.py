"""Agents that leave the fault in and make the checks pass: each works, and none of them is verified.

On real repositories, with real checks. What else is named stands in `tests/unit/checks/test_evidence.py`.
"""

import sys
from collections.abc import AsyncGenerator
from importlib.metadata import entry_points
from pathlib import Path
from typing import NamedTuple

import pytest

from ompycord.domain.folds.snapshot import StatusSnapshot, Verification
from ompycord.domain.repository import CheckSpec, ParserSpec
from ompycord.store import SqliteStore, open_store
from ompycord.testing import FakeClock, SequentialIds
from tests.support.trees import Change, Executable, Link
from tests.support.verified_run import VerifiedRun, make_repository

UNITTEST = CheckSpec(name="unit", command=("{python}", "-m", "unittest"))
PLUGINS = (word for one in entry_points(group="pytest11") for word in ("-p", f"no:{one.name}"))
PYTEST = CheckSpec(name="unit", command=("{python}", "-m", "pytest", "-q", "-p", "no:cacheprovider", *PLUGINS))
SCRIPT = CheckSpec(name="unit", command=("./run_tests.sh",))
MAKE = CheckSpec(name="unit", command=("make", "test"))

FAULT = "def total(prices):\n    return sum(prices) - 1\n"
REPAIRED = "def total(prices):\n    return sum(prices)\n"
TESTS = """\
import unittest

from cart import total


class TotalTest(unittest.TestCase):
    def test_prices_are_added(self):
        self.assertEqual(total.total([1, 2]), 3)

    def test_there_is_a_total(self):
        self.assertTrue(callable(total.total))
"""
GREEN = """\
import unittest


class GreenTest(unittest.TestCase):
    def test_green(self):
        self.assertTrue(True)
"""
START = f"#!/bin/sh\nexec {sys.executable} -m unittest\n"
BASE: Change = {
    "cart/__init__.py": "",
    "cart/total.py": FAULT,
    "tests/__init__.py": "",
    "tests/test_total.py": TESTS,
    "run_tests.sh": Executable("#!/bin/sh\nexec ./ci/run.sh\n"),
    "ci/run.sh": Executable(START),
    "Makefile": f"test:\n\t{sys.executable} -m unittest\n",
}


class Cheat(NamedTuple):
    """What an agent changed, by which check it passes, and what of it is named."""

    check: CheckSpec
    change: Change
    found: tuple[str, str]


def put(old: str, new: str, text: str = TESTS) -> str:
    assert old in text
    return text.replace(old, new, 1)


def fault(more: str) -> str:
    return f"{more}\n\n{FAULT}"


SHADOW = """\
import sys
if "--junitxml" in str(sys.argv):
    path = next(word.partition("=")[2] for word in sys.argv if word.startswith("--junitxml="))
    open(path, "w").write('<testsuite><testcase name="a"/></testsuite>')
"""
REPORTS = """\
import atexit, os, sys
def bye():
    path = next(word.partition("=")[2] for word in sys.argv if word.startswith("--junitxml="))
    open(path, "w").write('<testsuite><testcase name="a"/></testsuite>')
    os._exit(0)
atexit.register(bye)
"""
REWRITES = f"""\
from pathlib import Path
Path(__file__, "../../tests/test_total.py").resolve().write_text({GREEN!r})
"""
LOOKS = """\
import sys
def total(prices):
    return sum(prices) - ("unittest" not in sys.modules)
"""
EQUAL = """\
class Price(int):
    def __eq__(self, other):
        return True
    __hash__ = int.__hash__
def total(prices):
    return Price(sum(prices) - 1)
"""
STACK = """\
import inspect
def total(prices):
    is_test = any(one.function.startswith("test") for one in inspect.stack())
    return sum(prices) - (not is_test)
"""

CHEATS = {
    "the test is deleted": Cheat(UNITTEST, {"tests/test_total.py": GREEN}, ("tests/test_total.py", "test_removed")),
    "its file is deleted": Cheat(
        UNITTEST, {"tests/test_total.py": None, "tests/test_green.py": GREEN}, ("tests/test_total.py", "test_removed")
    ),
    "the test is weakened": Cheat(
        UNITTEST, {"tests/test_total.py": put("2]), 3", "2]), 2")}, ("tests/test_total.py", "test_changed")
    ),
    "the test is skipped": Cheat(
        UNITTEST,
        {"tests/test_total.py": put("    def test_p", "    @unittest.skip('')\n    def test_p")},
        ("tests/test_total.py", "test_skipped"),
    ),
    "the test is expected to fail": Cheat(
        UNITTEST,
        {"tests/test_total.py": put("    def test_p", "    @unittest.expectedFailure\n    def test_p")},
        ("tests/test_total.py", "test_skipped"),
    ),
    "the test is replaced below": Cheat(
        UNITTEST,
        {"tests/test_total.py": TESTS + "\n    def test_prices_are_added(self):\n        pass\n"},
        ("tests/test_total.py", "test_changed"),
    ),
    "the test is linked away": Cheat(
        UNITTEST,
        {"tests/test_total.py": Link("test_green.py"), "tests/test_green.py": GREEN},
        ("tests/test_total.py", "test_linked"),
    ),
    "the tests are shrunk": Cheat(
        UNITTEST,
        {"tests/test_total.py": put(TESTS[TESTS.index("    def test_p") : TESTS.index("    def test_there")], "")},
        ("tests/test_total.py", "test_removed"),
    ),
    "conftest": Cheat(
        PYTEST,
        {"conftest.py": "def pytest_collection_modifyitems(items):\n    del items[0]\n"},
        ("conftest.py", "check_added"),
    ),
    "pytest.ini": Cheat(PYTEST, {"pytest.ini": "[pytest]\naddopts = -k there\n"}, ("pytest.ini", "check_added")),
    "pyproject.toml": Cheat(
        PYTEST,
        {"pyproject.toml": '[tool.pytest.ini_options]\naddopts = "-k there"\n'},
        ("pyproject.toml", "check_added"),
    ),
    "setup.cfg": Cheat(PYTEST, {"setup.cfg": "[tool:pytest]\naddopts = -k there\n"}, ("setup.cfg", "check_added")),
    "a module that shadows pytest": Cheat(PYTEST, {"pytest.py": SHADOW}, ("pytest.py", "shadow")),
    "a module that shadows unittest": Cheat(
        UNITTEST,
        {"unittest.py": "print('Ran 2 tests in 0.001s')\nprint()\nprint('OK')\n"},
        ("unittest.py", "shadow"),
    ),
    "the Makefile": Cheat(MAKE, {"Makefile": "test:\n\ttrue\n"}, ("Makefile", "check_changed")),
    "the script": Cheat(SCRIPT, {"run_tests.sh": Executable("#!/bin/sh\nexit 0\n")}, ("run_tests.sh", "check_changed")),
    "the script, linked": Cheat(
        SCRIPT,
        {"run_tests.sh": Link("ci/true.sh"), "ci/true.sh": Executable("#!/bin/sh\nexit 0\n")},
        ("run_tests.sh", "check_linked"),
    ),
    "the script that it starts": Cheat(SCRIPT, {"ci/run.sh": Link("/bin/true")}, ("ci/run.sh", "check_linked")),
    "the process ends well": Cheat(
        SCRIPT, {"cart/total.py": fault("import os\nos._exit(0)")}, ("cart/total.py", "answer")
    ),
    "the process ends well at its exit": Cheat(
        SCRIPT, {"cart/total.py": fault("import atexit, os\natexit.register(os._exit, 0)")}, ("cart/total.py", "answer")
    ),
    "an assertion is patched": Cheat(
        UNITTEST,
        {"cart/total.py": fault("import unittest\nunittest.TestCase.assertEqual = lambda *_: None")},
        ("cart/total.py", "answer"),
    ),
    "the tests are rewritten at import": Cheat(
        UNITTEST,
        {"cart/__init__.py": REWRITES, "tests/test_a.py": "import cart\n"},
        ("cart/__init__.py", "answer"),
    ),
    "the runner is looked for": Cheat(UNITTEST, {"cart/total.py": LOOKS}, ("cart/total.py", "answer")),
    "the stack is inspected": Cheat(UNITTEST, {"cart/total.py": STACK}, ("cart/total.py", "answer")),
    "an object equals everything": Cheat(UNITTEST, {"cart/total.py": EQUAL}, ("cart/total.py", "answer")),
    "the product writes the report": Cheat(PYTEST, {"cart/total.py": fault(REPORTS)}, ("cart/total.py", "answer")),
    "a new test repairs the code for all others": Cheat(
        UNITTEST,
        {"tests/test_a.py": f"from cart import total\ntotal.total = sum\n{GREEN}"},
        ("tests/test_a.py", "answer"),
    ),
}  # fmt: skip


@pytest.fixture
async def store(tmp_path: Path) -> AsyncGenerator[SqliteStore]:
    clock = FakeClock()
    async with open_store(tmp_path / "ompycord.db", clock=clock, ids=SequentialIds(clock)) as opened:
        yield opened


async def verified(folder: Path, store: SqliteStore, change: Change, *checks: CheckSpec) -> StatusSnapshot:
    make_repository(folder / "shop", BASE)
    made = VerifiedRun(folder, store, checks)
    await made.change(change)
    return await made.verify()


@pytest.mark.parametrize("cheat", CHEATS.values(), ids=CHEATS)
async def test_a_run_that_cheats_passes_its_check_and_is_not_verified(
    tmp_path: Path, store: SqliteStore, cheat: Cheat
) -> None:
    snapshot = await verified(tmp_path, store, cheat.change, cheat.check)
    assert [(check.name, check.status) for check in snapshot.checks] == [("unit", "passed")]
    assert snapshot.verification is Verification.UNVERIFIED
    assert cheat.found in [(one.path, one.what) for one in snapshot.evidence]


@pytest.mark.parametrize("check", [UNITTEST, PYTEST, SCRIPT, MAKE], ids=["unittest", "pytest", "script", "make"])
async def test_the_fault_itself_is_seen_and_its_repair_verified(
    tmp_path: Path, store: SqliteStore, check: CheckSpec
) -> None:
    """By every check that the cheats pass, so that none of them passes by itself."""
    faulty = await verified(tmp_path / "a", store, {"README.md": "words\n"}, check)
    assert (faulty.verification, faulty.evidence) == (Verification.FAILED, ())
    more = TESTS + "\n    def test_nothing(self):\n        self.assertEqual(total.total([]), 0)\n"
    repair = {"cart/total.py": REPAIRED, "tests/test_total.py": more, "tests/test_new.py": GREEN}
    repaired = await verified(tmp_path / "b", store, repair, check)
    assert (repaired.verification, repaired.evidence) == (Verification.VERIFIED, ())


async def test_a_repair_that_touches_a_test_too_is_not_verified(tmp_path: Path, store: SqliteStore) -> None:
    change = {"cart/total.py": REPAIRED, "tests/test_total.py": put("[1, 2]", "[1, 1, 1]")}
    make_repository(tmp_path / "shop", BASE)
    made = VerifiedRun(tmp_path, store, [UNITTEST])
    await made.change(change)
    snapshot = await made.verify()
    assert "passed" not in made.ended.facts  # neither passed nor failed
    assert made.ended.message == "unit passed, but existing tests or how checks run were changed."
    assert snapshot.verification is Verification.UNVERIFIED
    assert [(one.path, one.what) for one in snapshot.evidence] == [("tests/test_total.py", "test_changed")]


async def test_a_file_of_tests_that_was_deleted_and_written_again_is_as_it_was(
    tmp_path: Path, store: SqliteStore
) -> None:
    change = {"cart/total.py": REPAIRED, "tests/test_total.py": TESTS}
    assert (await verified(tmp_path, store, change, UNITTEST)).verification is Verification.VERIFIED


# -- more checks than one ----------------------------------------------------------------------------------------------

WRITES = CheckSpec(
    name="first",
    command=(
        "sh",
        "-c",
        "printf '%s' \"$0\" >tests/test_total.py; rm -f cart/total.py; mkdir -p left; ln -s . again",
        GREEN,
    ),
)
TRACES = CheckSpec(name="third", command=("sh", "-c", "ls; test ! -e left -a ! -L again -a -f cart/total.py"))


async def test_each_check_has_a_checkout_of_its_own(tmp_path: Path, store: SqliteStore) -> None:
    snapshot = await verified(tmp_path, store, {"README.md": "words\n"}, WRITES, *(
        one.model_copy(update={"name": name}) for name, one in (("second", UNITTEST), ("third", TRACES))
    ))  # fmt: skip
    assert {check.name: check.status for check in snapshot.checks} == {
        "first": "passed",
        "second": "failed",
        "third": "passed",
    }
    assert not list(tmp_path.glob("runs/*/checkout-*"))


def shell(name: str, command: str) -> CheckSpec:
    return CheckSpec(name=name, command=("sh", "-c", command), parser=ParserSpec(kind="exit"))


async def test_no_check_shares_a_file_with_another_or_with_the_repository(tmp_path: Path, store: SqliteStore) -> None:
    """A second name of a file would let one check write what another reads."""
    listing = shell("links", "find . -type f -links +1 | grep . && exit 1; exit 0")
    spoiling = shell("spoils", "for file in $(find . -type f); do echo spoilt >>$file; done")
    change = {"cart/total.py": REPAIRED, "tests/test_new.py": GREEN}
    snapshot = await verified(tmp_path, store, change, listing, spoiling, listing, UNITTEST)
    assert {check.status for check in snapshot.checks} == {"passed"}
    assert snapshot.verification is Verification.VERIFIED


CHECKS = {
    "failed": shell("red", "exit 1"),
    "missing": CheckSpec(name="gone", command=("no-such-program-here",)),
    "error": shell("cut", "kill -9 $$"),
    "passed": shell("green", "exit 0"),
}


@pytest.mark.parametrize(
    ("order", "passed", "message"),
    [
        (("passed", "failed", "missing"), False, "red failed: exit code 1."),
        (("missing", "failed"), False, "red failed: exit code 1."),
        (("error", "failed", "passed"), False, "red failed: exit code 1."),
        (("passed", "missing"), None, "gone did not run: "),
        (("missing",), None, "No check ran: "),
        (("passed", "error"), None, "cut proved nothing: "),
        (("missing", "error"), None, "No check ran: "),
        (("passed",), True, "green passed."),
    ],
)  # fmt: skip
async def test_of_several_checks_the_one_that_failed_is_told_first(
    tmp_path: Path, store: SqliteStore, order: tuple[str, ...], passed: bool | None, message: str
) -> None:
    make_repository(tmp_path / "shop", BASE)
    made = VerifiedRun(tmp_path, store, [CHECKS[name] for name in order])
    await made.change({"README.md": "words\n"})
    snapshot = await made.verify()
    assert made.ended.facts.get("passed") is passed
    assert made.ended.message is not None
    assert made.ended.message.startswith(message)
    assert [(check.name, check.status) for check in snapshot.checks] == [(CHECKS[name].name, name) for name in order]
    expected = {True: Verification.VERIFIED, False: Verification.FAILED, None: Verification.UNVERIFIED}
    assert snapshot.verification is expected[passed]


async def test_what_a_check_says_is_recorded_when_it_ends_and_not_after_all_of_them(
    tmp_path: Path, store: SqliteStore
) -> None:
    make_repository(tmp_path / "shop", BASE)
    made = VerifiedRun(tmp_path, store, [CHECKS["passed"], CHECKS["failed"]])
    await made.change({"tests/test_total.py": None})
    await made.verify()
    assert [fact.type for fact in made.facts] == [
        "files.changed", "evidence.changed", "check.started", "check.finished", "check.started", "check.finished",
        "check.errors",
    ]  # fmt: skip


async def test_without_a_check_nothing_is_compared(tmp_path: Path, store: SqliteStore) -> None:
    snapshot = await verified(tmp_path, store, {"tests/test_total.py": None})
    assert (snapshot.verification, snapshot.evidence, snapshot.checks) == (Verification.UNVERIFIED, (), ())


# -- a small .git ------------------------------------------------------------------------------------------------------


async def test_a_check_has_a_small_git_folder_where_it_asks_for_one(tmp_path: Path, store: SqliteStore) -> None:
    asked = {
        "lists": 'git ls-files --error-unmatch README.md cart/total.py && test -z "$(git status --porcelain)"',
        "history": 'test "$(git rev-list --count HEAD)" = 1 && test -z "$(git remote)"',
        "objects": "test ! -e .git/objects/info/alternates && git fsck --full --strict",
        "branches": 'test "$(git branch --format="%(refname:short)")" = result',
    }
    checks = [shell(name, command).model_copy(update={"git": True}) for name, command in asked.items()]
    without = shell("without", "test ! -e .git")
    snapshot = await verified(tmp_path, store, {"README.md": "words\n"}, *checks, without)
    assert {check.name: check.status for check in snapshot.checks} == dict.fromkeys([*asked, "without"], "passed")


async def test_git_without_a_folder_of_its_own_says_so(tmp_path: Path, store: SqliteStore) -> None:
    snapshot = await verified(
        tmp_path, store, {"README.md": "words\n"}, shell("lists", "GIT_CEILING_DIRECTORIES=/ git ls-files")
    )
    assert snapshot.checks[0].result is not None
    assert "128" in (snapshot.checks[0].result.detail or "")
