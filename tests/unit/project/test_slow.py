"""`tools/slow.py` names what failed, also where pytest is cut off, and says that it was."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.patience import patient

pytestmark = pytest.mark.posix

ROOT = Path(__file__).resolve().parents[3]
ALONE = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_PLUGINS": "xdist.plugin"}
"""What else is installed is no part of these runs: half of what each start of pytest takes."""
BROKEN = "def test_broken():\n    assert 1 == 2\n\n\n"
FINE = "def test_fine():\n    pass\n\n\n"
KILLED = "def test_last():\n    import os, signal\n    os.kill(os.getpid(), signal.SIGKILL)\n"
GROUPED = (
    "import pytest\n\n\n@pytest.mark.xdist_group('g')\n@pytest.mark.parametrize('x', [1], ids=['a name with blanks'])\n"
)


def slow(folder: Path, text: str, *more: str, jobs: str = "0") -> tuple[int, dict[str, Any]]:
    """One round over a file with these tests, in their order: its exit code and what it reports."""
    file = folder / "test_it.py"
    file.write_text(text)
    command = [sys.executable, "-m", "tools.slow", "--rounds", "1", "--loops", "0", "--jobs", jobs]
    command += ["--", "-p", "no:randomly", "-p", "no:cacheprovider", "--rootdir", str(folder), *more, str(file)]
    env = {**os.environ, **ALONE}
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=env, timeout=patient(60), check=False)
    return done.returncode, json.loads(done.stdout)


def test_what_failed_before_pytest_was_cut_off_is_named(tmp_path: Path) -> None:
    code, report = slow(tmp_path, FINE + BROKEN + KILLED)
    assert code == 1
    assert report["exit_code"] == -9
    assert report["failed"] == ["test_it.py::test_broken"]
    assert report["ended"] == "without a summary"


def test_a_cut_before_any_failure_shows_the_last_lines(tmp_path: Path) -> None:
    _, report = slow(tmp_path, FINE + KILLED, "--verbose")
    assert (report["failed"], report["ended"]) == ([], "without a summary")
    assert report["last_lines"]


@pytest.mark.parametrize(("text", "failed"), [(FINE, []), (FINE + BROKEN, ["test_it.py::test_broken"])])
def test_a_round_to_the_end_has_a_summary(tmp_path: Path, text: str, failed: list[str]) -> None:
    code, report = slow(tmp_path, text)
    assert (code, report["exit_code"], report["failed"]) == (len(failed), len(failed), failed)
    assert report.keys().isdisjoint({"ended", "last_lines"})


def test_failures_of_workers_are_named_whole_and_once(tmp_path: Path) -> None:
    broken_after = "import pytest\n\n\n@pytest.fixture\ndef place():\n    yield\n    assert 1 == 2\n\n\n"
    text = broken_after + GROUPED + "def test_broken(place, x):\n    assert 1 == 2\n"
    _, report = slow(tmp_path, text, jobs="2")
    assert report["failed"] == ["test_it.py::test_broken[a name with blanks]"]


def test_a_file_that_cannot_be_collected_is_named(tmp_path: Path) -> None:
    code, report = slow(tmp_path, "import there_is_no_such_module\n", jobs="2")
    assert (code, report["failed"]) == (1, ["test_it.py"])
