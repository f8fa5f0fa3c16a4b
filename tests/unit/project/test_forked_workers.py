"""Workers that are forked after collecting run every test once, keep groups together, and end as one process would."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support.forked_workers import units_of
from tests.support.patience import patient

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks there")

ROOT = Path(__file__).resolve().parents[3]
OF_A_GROUP = "pytest.mark." + "xdist_group({!r})"
FIXTURE = """\
import os, signal, sys, warnings
from pathlib import Path
import pytest

HERE = Path(__file__).parent


def note(name):
    with (HERE / "log").open("a") as log:
        log.write(f"{name} {os.getpid()}\\n")


note("imported")


@pytest.fixture(scope="session")
def place():
    note("made")
    yield
    note("unmade")


"""
KINDS = """\
@pytest.mark.parametrize("number", range(8))
def test_fine(place, number, tmp_path):
    note(f"ran {number}")
    (tmp_path / "mine").touch(exist_ok=False)


def test_broken(place):
    print("what it printed")
    assert 1 == 2


@pytest.mark.skip(reason="not here")
def test_skipped():
    pass


def test_warning():
    warnings.warn("something is old")


@pytest.fixture
def dirty():
    yield
    raise ValueError("not put back")


def test_left_dirty(dirty):
    pass
"""
CRASHES = """\
@pytest.mark.parametrize("number", range(8))
def test_fine(place, number):
    note(f"ran {number}")
    if number == 2:
        os.kill(os.getpid(), signal.SIGKILL)
"""


class Ran(NamedTuple):
    code: int
    said: str
    log: list[str]

    def processes(self, word: str) -> list[str]:
        """Those that noted it."""
        return [line.rpartition(" ")[2] for line in self.log if line.startswith(word)]

    def summary(self) -> str:
        return self.said.strip().splitlines()[-1]


def forked(folder: Path, *options: str, forks: int = 2, **files: str) -> Ran:
    """What pytest said of these files, run by forked workers."""
    for name, text in files.items():
        (folder / f"test_{name}.py").write_text(FIXTURE + text)
    (folder / "pytest.ini").write_text("[pytest]\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.support.forked_workers", "-p", "no:cacheprovider"]
    command += ["--rootdir", str(folder), "-c", str(folder / "pytest.ini"), "--forks", str(forks), *options]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(
        [*command, str(folder)], cwd=folder, env=env, capture_output=True, text=True, timeout=patient(60), check=False
    )
    return Ran(done.returncode, done.stdout + done.stderr, (folder / "log").read_text().splitlines())


def test_everything_is_collected_once_run_once_and_told(tmp_path: Path) -> None:
    ran = forked(tmp_path, one=KINDS)
    assert re.fullmatch(r"2 failed.*", ran.summary()) is None
    assert "1 failed, 10 passed, 1 skipped, 1 warning, 1 error in" in ran.summary()
    assert ran.code == 1
    assert sorted(line.split(" ")[1] for line in ran.log if line.startswith("ran")) == [str(one) for one in range(8)]
    assert len(ran.processes("imported")) == 1
    assert set(ran.processes("ran")).isdisjoint(ran.processes("imported"))
    assert "what it printed" in ran.said
    assert "not put back" in ran.said
    assert "something is old" in ran.said


def test_what_a_worker_made_for_its_session_it_unmakes(tmp_path: Path) -> None:
    ran = forked(tmp_path, one=KINDS)
    assert len(ran.processes("made")) == len(set(ran.processes("made"))) <= 2
    assert sorted(ran.processes("made")) == sorted(ran.processes("unmade"))


def test_a_group_stays_on_one_worker_and_comes_first(tmp_path: Path) -> None:
    grouped = f"pytestmark = {OF_A_GROUP.format('one')}\n\n\n{KINDS}"
    ran = forked(tmp_path, forks=3, alone=KINDS, grouped=grouped)
    assert "2 failed" in ran.summary()
    (tmp_path / "log").unlink()
    ran = forked(tmp_path, "-k", "grouped", forks=3)
    assert len(set(ran.processes("ran"))) == 1


def test_units_are_groups_the_largest_first_then_each_test(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("small", "large", "none"):
        mark = "[]" if name == "none" else OF_A_GROUP.format(name)
        Path(f"{name}.py").write_text(f"pytestmark = {mark}\n")
    ids = [
        f"{name}.py::test_{number}"
        for name, most in (("none", 3), ("small", 2), ("large", 4))
        for number in range(most)
    ]
    assert [list(unit) for unit in units_of(ids)] == [[5, 6, 7, 8], [3, 4], [0], [1], [2]]


def test_a_test_that_ends_its_worker_fails_and_the_others_go_on(tmp_path: Path) -> None:
    ran = forked(tmp_path, one=CRASHES)
    assert "1 failed, 7 passed" in ran.summary()
    assert "ended with -9 while it ran test_one.py::test_fine[2]" in ran.said
    assert len(set(ran.processes("ran"))) == 3


def test_workers_that_all_crash_end_the_session(tmp_path: Path) -> None:
    always = CRASHES.replace("range(8)", "range(40)").replace("if number == 2", "if True")
    ran = forked(tmp_path, one=always)
    assert ran.code == 1
    assert "10 workers were started, and most of them crashed" in ran.said


def test_after_as_many_failures_as_are_allowed_nothing_more_begins(tmp_path: Path) -> None:
    broken = "@pytest.mark.parametrize('number', range(40))\ndef test_broken(number):\n    note('ran')\n    assert 0\n"
    ran = forked(tmp_path, "-x", one=broken)
    assert ran.code == 1
    assert len(ran.processes("ran")) < 12
    assert "! stopping after " in ran.said


def test_what_cannot_be_collected_is_said_and_nothing_runs(tmp_path: Path) -> None:
    ran = forked(tmp_path, one=KINDS, two="import there_is_no_such_module\n")
    assert ran.code == 2
    assert "1 error during collection" in ran.said
    assert ran.processes("ran") == []
