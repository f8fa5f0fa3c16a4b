"""A guard command runs confined in a checkout of the base, and says how it ended."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ompycord.app.system import SystemIds
from ompycord.app.wiring.work import git_of
from ompycord.domain.catalog import Catalog
from ompycord.domain.repository import AgentSpec, RepositorySpec
from ompycord.domain.schedules.guarding import GuardEnd
from ompycord.domain.schedules.schedule import GuardCommand
from ompycord.domain.task import TaskRequest
from ompycord.workspaces.confinement.launcher import UnconfinedLauncher
from ompycord.workspaces.preparing.base_reader import BaseReader
from ompycord.workspaces.reading.guard_command import GuardCommands
from ompycord.workspaces.repositories import Repositories

pytestmark = pytest.mark.posix

REQUEST = TaskRequest(prompt="Look after it", repositories=("shop",), agent="worker")


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "list.txt").write_text("stale\n")
    words = ["git", "-c", "user.name=A", "-c", "user.email=a@b.c", "-C", str(folder)]
    for rest in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-qm", "one"]):
        subprocess.run([*words, *rest], check=True, capture_output=True)
    return folder


def guards(tmp_path: Path, shop: Path, minimum: str = "none") -> GuardCommands:
    git = git_of(os.environ)
    spec = RepositorySpec(name="shop", path=shop, base="main")
    agent = AgentSpec.model_validate({"name": "worker", "kind": "command", "sandbox": {"minimum": minimum}})
    return GuardCommands(
        folder=tmp_path / "guards",
        catalog=Catalog(repositories=(spec,), agents=(agent,)),
        bases=BaseReader(git=git, repositories=Repositories(folder=tmp_path / "repositories", git=git)),
        git=git,
        launcher=UnconfinedLauncher(path=os.environ["PATH"]),
        ids=SystemIds().ulid,  # two that run at once end what bears their mark
    )


async def ended(where: GuardCommands, script: str, timeout_s: float = 60) -> GuardEnd:
    command = GuardCommand(command=(sys.executable, "-I", "-c", script), timeout_s=timeout_s)
    return await where.run(command, REQUEST)


async def test_it_reads_the_base_and_leaves_nothing(tmp_path: Path, shop: Path) -> None:
    where = guards(tmp_path, shop)
    before = sorted(one.name for one in shop.iterdir())
    (shop / "list.txt").write_text("changed and not committed\n")
    found = await ended(where, "print(open('list.txt').read().strip()); open('new', 'w').close(); raise SystemExit(1)")
    assert (found.exit_code, found.printed) == (1, "stale")
    assert list((tmp_path / "guards").iterdir()) == []
    assert sorted(one.name for one in shop.iterdir()) == before


async def test_what_does_not_end_is_ended_and_what_is_missing_is_told(tmp_path: Path, shop: Path) -> None:
    where = guards(tmp_path, shop)
    late = await ended(where, "import time; print('so far', flush=True); time.sleep(600)", timeout_s=0.5)
    assert (late.exit_code, late.detail) == (None, "ran longer than 0.5 s")
    missing = await where.run(GuardCommand(command=("no-such-program",)), REQUEST)
    assert missing.exit_code != 0
    assert "no-such-program" in missing.detail + missing.printed
    unknown = await where.run(GuardCommand(command=("true",)), REQUEST.model_copy(update={"branch": "no/such"}))
    assert unknown.exit_code is None
    assert "no/such" in unknown.detail


async def test_below_the_least_confinement_it_does_not_run(tmp_path: Path, shop: Path) -> None:
    found = await ended(guards(tmp_path, shop, "full"), "print('ran')")
    assert (found.exit_code, found.printed) == (None, "")
    assert "full" in found.detail
