"""`ompycord selftest` as a person or a CI job starts it: a line a step, an exit code, nothing left behind."""

import json
import stat
import tempfile
from pathlib import Path

import psutil
import pytest

from tests.integration.cli.harness import ompycord
from tests.support.patience import patient

pytestmark = [pytest.mark.e2e, pytest.mark.posix]


def started_in(folder: Path) -> list[psutil.Process]:
    return [one for one in psutil.process_iter(["cmdline"]) if str(folder) in " ".join(one.info["cmdline"] or [])]


@pytest.mark.long
async def test_the_whole_journey_passes_and_leaves_nothing_behind(tmp_path: Path) -> None:
    environ = {"TMPDIR": str(tmp_path), "DISCORD_TOKEN": "somebody's", "OMPYCORD_WEBHOK": "a mistake of the caller's"}
    done = await ompycord("selftest", "--json", folder=tmp_path / "here", environ=environ)
    told = json.loads(done.out)
    assert [(step["title"], step["text"]) for step in told["steps"] if step["status"] != "passed"] == []
    assert (done.code, told["ok"], len(told["steps"])) == (0, True, 11)
    assert list(tmp_path.glob("ompycord-selftest-*")) == []
    _, running = psutil.wait_procs(started_in(tmp_path), timeout=patient(10))
    assert running == []


async def test_a_step_that_fails_is_named_and_ends_it_with_1(tmp_path: Path) -> None:
    """A git that does not work is what a machine most often lacks."""
    git = tmp_path / "git"
    git.write_text("#!/bin/sh\necho 'git: no such thing' >&2\nexit 127\n")
    git.chmod(git.stat().st_mode | stat.S_IXUSR)
    environ = {"PATH": str(tmp_path), "TMPDIR": tempfile.gettempdir()}
    done = await ompycord("selftest", folder=tmp_path / "here", environ=environ)
    lines = done.out.splitlines()
    assert done.code == 1, done.out
    assert lines[0].startswith("✗ Ompycord starts")
    assert "git" in lines[0]
    assert "Stopped at step 1 of 11" in lines[-1]
