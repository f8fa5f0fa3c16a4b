"""Checks as real programs: green only where something was proved."""

import os
import sys
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

import psutil
import pytest

from ompycord.checks.counts import Counts
from ompycord.checks.local import LocalChecks
from ompycord.checks.parser import CheckOutput, CheckParser
from ompycord.domain.events import CheckFinished
from ompycord.domain.ids import RunId, new_ulid
from ompycord.domain.repository import CheckSpec
from ompycord.entry_points import Registry
from ompycord.workspaces.confinement.launcher import UnconfinedLauncher
from tests.support.extension.goose_tests import TapOptions

INSTALLED = ("{python}", "-m", "pytest", "-q", "-p", "no:cacheprovider")
PYTEST = (*INSTALLED, *(word for one in entry_points(group="pytest11") for word in ("-p", f"no:{one.name}")))
"""Without the plugins of this project's own tests, which take a second to load."""
UNITTEST = ("{python}", "-m", "unittest")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    path = tmp_path / "place/tree"
    path.mkdir(parents=True)
    return path


async def check(
    tree: Path, *command: str, timeout_s: float = 60, parser: str = "auto", files: dict[str, str] | None = None
) -> CheckFinished:
    for name, text in (files or {}).items():
        (tree / name).write_text(text)
    spec = CheckSpec.model_validate({"name": "c", "command": command, "timeout_s": timeout_s, "parser": parser})
    checks = LocalChecks(launcher=UnconfinedLauncher(path=os.environ["PATH"]))
    # Of this check alone: its end sweeps whatever carries its run's id.
    return (await checks.run(RunId(new_ulid(now_ms=0, entropy=os.urandom(10))), spec, tree)).finished


def names(folder: Path, pattern: str) -> list[str]:
    return [entry.name for entry in folder.glob(pattern)]


GREEN = "def test_a(): pass\ndef test_b(): pass\n"
RED = "def test_a(): pass\ndef test_b(): assert 0\n"


async def test_pytest_is_counted_and_leaves_no_report_in_the_tree(tree: Path) -> None:
    got = await check(tree, *INSTALLED, files={"test_x.py": GREEN})
    assert (got.status, got.passed, got.failed, got.skipped) == ("passed", 2, 0, 0)
    assert got.duration_ms
    assert not names(tree, "*.xml")


async def test_a_red_pytest_names_what_failed(tree: Path) -> None:
    got = await check(tree, *PYTEST, files={"test_x.py": RED})
    assert (got.status, got.passed, got.failed) == ("failed", 1, 1)
    assert got.failing == ("test_x::test_b",)


@pytest.mark.parametrize(
    ("files", "arguments", "status"),
    [
        ({"test_x.py": "x = 1\n"}, (), "error"),  # 5: nothing collected
        ({"test_x.py": GREEN}, ("--no-such-option",), "error"),  # 4: usage
        ({"test_x.py": GREEN, "conftest.py": "def pytest_collection_finish(): raise KeyError\n"}, (), "error"),  # 3
        ({"test_x.py": "import nothing_of_that_name\n"}, (), "failed"),  # 2: collection failed: the code's fault
        ({"test_x.py": "import pytest\n@pytest.mark.skip\ndef test_a(): pass\n"}, (), "error"),  # nothing was proved
        ({"test_x.py": "import os\ndef test_a(): os._exit(0)\n"}, (), "error"),  # 0, without a report
    ],
)
async def test_what_proves_nothing_is_never_green(
    tree: Path, files: dict[str, str], arguments: tuple[str, ...], status: str
) -> None:
    assert (await check(tree, *PYTEST, *arguments, files=files)).status == status


async def test_a_green_report_with_a_red_exit_code_is_red(tree: Path) -> None:
    exits = "import sys\ndef pytest_sessionfinish(session): session.exitstatus = 1\n"
    got = await check(tree, *PYTEST, files={"test_x.py": GREEN, "conftest.py": exits})
    assert got.status == "failed"
    assert got.detail is not None
    assert "exit code 1" in got.detail


@pytest.mark.parametrize("name", ["place", "a place", 'it\'s "here" $x'])
async def test_pytest_behind_another_command_is_counted_where_the_check_says_so(tmp_path: Path, name: str) -> None:
    tree = tmp_path / name / "tree"
    tree.mkdir(parents=True)
    script = f"#!/bin/sh\nexec {sys.executable} -m pytest -q -p no:cacheprovider\n"
    (tree / "run.sh").write_text(script)
    (tree / "run.sh").chmod(0o755)
    got = await check(tree, "./run.sh", parser="pytest", files={"test_x.py": GREEN})
    assert (got.status, got.passed) == ("passed", 2)


CASES = """\
import unittest
class T(unittest.TestCase):
    def test_a(self): pass
    def test_b(self): self.assertEqual(1, {})
    @unittest.skip("later")
    def test_c(self): pass
"""


async def test_unittest_is_counted(tree: Path) -> None:
    red = await check(tree, *UNITTEST, files={"test_u.py": CASES.format(2)})
    assert (red.status, red.passed, red.failed, red.skipped) == ("failed", 1, 1, 1)
    assert red.failing[0].startswith("test_b (test_u.T")
    green = await check(tree, *UNITTEST, files={"test_u.py": CASES.format("1 ")})
    assert (green.status, green.passed, green.failed, green.skipped) == ("passed", 2, 0, 1)


async def test_no_unittest_at_all_is_an_error(tree: Path) -> None:
    got = await check(tree, *UNITTEST)
    assert got.status == "error"
    assert got.detail == "no test ran"


async def test_a_command_is_judged_by_its_exit_code(tree: Path) -> None:
    green = await check(tree, "sh", "-c", "echo all good; exit 0")
    assert (green.status, green.detail, green.passed) == ("passed", "all good", None)
    red = await check(tree, "sh", "-c", "echo line 3 is wrong >&2; exit 2")
    assert (red.status, red.detail) == ("failed", "exit code 2: line 3 is wrong")
    killed = await check(tree, "sh", "-c", "kill -9 $$")
    assert (killed.status, killed.detail) == ("error", "ended by signal 9")


@pytest.mark.parametrize("command", [("no-such-program-here",), ("{python}", "-m", "no_such_module_here")])
async def test_a_tool_that_is_not_installed_is_missing(tree: Path, command: tuple[str, ...]) -> None:
    got = await check(tree, *command)
    assert got.status == "missing"
    assert got.detail is not None
    assert "no" in got.detail


async def test_a_missing_import_of_the_code_is_no_missing_tool(tree: Path) -> None:
    assert (await check(tree, "{python}", "x.py", files={"x.py": "import no_such_module_here\n"})).status == "failed"


async def test_a_tree_that_is_gone_is_an_error_of_ours(tree: Path) -> None:
    assert (await check(tree / "gone", "true")).status == "error"


@pytest.mark.posix
async def test_the_timeout_ends_the_whole_tree(tree: Path) -> None:
    orphan = (
        "import os, subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(300)'], start_new_session=True)\n"
        "open('pid', 'w').write(str(child.pid))\n"
        "time.sleep(300)\n"
    )
    got = await check(tree, "{python}", "x.py", timeout_s=3, files={"x.py": orphan})
    assert got.status == "timeout"
    pid = int((tree / "pid").read_text())
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


async def test_a_pytest_that_is_killed_has_no_report_and_is_a_timeout(tree: Path) -> None:
    hangs = "import time\ndef test_a(): pass\ndef test_b(): time.sleep(300)\n"
    got = await check(tree, *PYTEST, timeout_s=5, files={"test_x.py": hangs})
    assert (got.status, got.passed) == ("timeout", None)


async def test_a_pipe_in_the_reports_place_blocks_nobody(tree: Path) -> None:
    trap = "import os, sys\np = [a for a in sys.argv if 'junitxml' in a][0].split('=')[1]\nos.mkfifo(p)\nos._exit(0)\n"
    got = await check(tree, *PYTEST, files={"conftest.py": trap})
    assert got.status == "error"


async def test_a_check_sees_nothing_of_our_environment(tree: Path) -> None:
    got = await check(tree, "{python}", "-c", "import os; print(sorted(os.environ))")
    assert got.detail == "['HOME', 'LANG', 'OMPYCORD_RUN', 'PATH', 'TERM', 'TMPDIR', '_OMPYCORD_START']"


@pytest.mark.posix
async def test_a_check_that_takes_too_much_memory_is_an_error_that_says_so(tree: Path) -> None:
    (tree / "x.py").write_text("import time\nheld = b'x' * 64 * 1024 ** 2\ntime.sleep(50)\n")
    spec = CheckSpec(name="c", command=("{python}", "x.py"), max_memory_mib=48)
    checks = LocalChecks(launcher=UnconfinedLauncher(path=os.environ["PATH"]))
    got = (await checks.run(RunId(new_ulid(now_ms=0, entropy=os.urandom(10))), spec, tree)).finished
    assert (got.status, got.detail) == ("error", "it used more than 48 MiB of memory and was ended")


class Throws:
    """A parser with a defect."""

    def __init__(self, options: TapOptions) -> None:
        pass

    def arrange(self, command: tuple[str, ...], report: Path) -> tuple[tuple[str, ...], dict[str, str]]:
        return command, {}

    def count(self, output: CheckOutput) -> Counts | None:
        raise RuntimeError(output.lines[0])


THROWS = CheckParser(options=TapOptions, parser=Throws)


@pytest.mark.parametrize(
    ("parser", "code", "status", "detail"),
    [
        ("goose_tests:PARSER", 0, "failed", "1 passed, 1 failed, 0 skipped"),
        ("goose_tests:PARSER", 9, "error", "tap found no plan"),
        (f"{__name__}:THROWS", 0, "error", "no test result could be read"),
    ],
)
async def test_a_parser_of_another_distribution_reads_a_check(
    tree: Path, parser: str, code: int, status: str, detail: str
) -> None:
    script = f"import os; print('ok 1'); print('not ok', os.environ.get('TEST_FORMAT')); raise SystemExit({code})"
    spec = CheckSpec.model_validate({"name": "c", "command": ["{python}", "-c", script], "parser": "tap"})
    value = parser if ":THROWS" in parser else f"tests.support.extension.{parser}"
    point = EntryPoint("tap", value, "ompycord.check_parsers")
    parsers: Registry[CheckParser[Any]] = Registry(
        group=point.group, record=CheckParser, what="check parser", declared=[("other", point)]
    )
    checks = LocalChecks(launcher=UnconfinedLauncher(path=os.environ["PATH"]), parsers=parsers)
    got = (await checks.run(RunId(new_ulid(now_ms=0, entropy=os.urandom(10))), spec, tree)).finished
    assert (got.status, (got.detail or "").startswith(detail)) == (status, True), got
    if status == "failed":
        assert got.failing == ("tap",)
