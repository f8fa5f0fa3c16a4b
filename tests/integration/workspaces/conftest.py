"""A repository of a person, and workspaces around it."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from ompycord.domain.ids import RunId, new_ulid
from ompycord.domain.repository import RepositorySpec
from ompycord.workspaces.confinement.launcher import UnconfinedLauncher
from ompycord.workspaces.git import Git
from ompycord.workspaces.service import GitWorkspaces
from tests.support.patience import patient

Shell = Callable[..., str]


@pytest.fixture
def run() -> RunId:
    """Of this test alone: the end of a program sweeps whatever carries its run's id, whoever started that."""
    return RunId(new_ulid(now_ms=0, entropy=os.urandom(10)))


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """git as a person would run it, without this machine's settings."""
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "GIT_CONFIG_NOSYSTEM": "1",
        **{f"GIT_{role}_{what}": "p@example.org" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
    }

    def run_git(*words: str, cwd: Path) -> str:
        done = subprocess.run(("git", *words), cwd=cwd, env=env, check=True, capture_output=True, timeout=patient(30))
        return done.stdout.decode().strip()

    return run_git


@pytest.fixture
def origin(tmp_path: Path, shell: Shell) -> Path:
    """`main` with three files, and a branch `next`."""
    path = tmp_path / "origin"
    path.mkdir()
    shell("init", "--quiet", "--initial-branch=main", cwd=path)
    (path / "a.txt").write_text("one\ntwo\n")
    (path / "b.txt").write_text("bee\n" * 20)
    (path / ".gitignore").write_text("*.log\n")
    shell("add", "--all", cwd=path)
    shell("commit", "--quiet", "-m", "first", cwd=path)
    shell("branch", "next", cwd=path)
    return path


@pytest.fixture
def repository(origin: Path) -> RepositorySpec:
    return RepositorySpec(name="shop", path=origin)


@pytest.fixture
def git() -> Git:
    return Git(path=os.environ["PATH"])


@pytest.fixture
def workspaces(tmp_path: Path, git: Git) -> GitWorkspaces:
    return GitWorkspaces(
        folder=tmp_path / "data/workspaces",
        repositories=tmp_path / "data/repositories",
        git=git,
        launcher=UnconfinedLauncher(path=os.environ["PATH"]),
    )


@pytest.fixture
def after_crash(tmp_path: Path, git: Git) -> GitWorkspaces:
    """Those of the process that comes after."""
    return GitWorkspaces(
        folder=tmp_path / "data/workspaces",
        repositories=tmp_path / "data/repositories",
        git=git,
        launcher=UnconfinedLauncher(path=os.environ["PATH"]),
    )


@pytest.fixture
def run_folder(tmp_path: Path, run: RunId) -> Path:
    return tmp_path / "data/workspaces" / run
