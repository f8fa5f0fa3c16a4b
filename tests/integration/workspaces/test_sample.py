"""The playground's sample repository."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ompycord.errors import WorkspaceError
from ompycord.workspaces.git import Git
from ompycord.workspaces.sample import make_sample

Shell = Callable[..., str]


async def test_it_is_made_once_and_then_left_alone(git: Git, tmp_path: Path, shell: Shell) -> None:
    path = tmp_path / "data/repositories/sample"
    repository = await make_sample(path, git=git)
    first = shell("rev-parse", "main", cwd=path)
    (path / "README.md").write_text("edited by a person\n")

    again = await make_sample(path, git=git)

    assert repository == again
    assert repository.checks[0].command == ("{python}", "-m", "unittest")
    assert shell("rev-parse", "main", cwd=path) == first
    assert shell("status", "--porcelain", cwd=path).strip() == "M README.md"


async def test_a_half_made_one_is_made_anew(git: Git, tmp_path: Path, shell: Shell) -> None:
    path = tmp_path / "sample"
    half = tmp_path / ".sample.new"
    half.mkdir()
    (half / "left over").write_text("x")
    await make_sample(path, git=git)
    assert shell("status", "--porcelain", cwd=path) == ""
    assert "left over" not in shell("ls-files", cwd=path)


async def test_a_persons_folder_is_not_overwritten(git: Git, tmp_path: Path) -> None:
    path = tmp_path / "sample"
    path.mkdir()
    (path / "mine.txt").write_text("mine")
    with pytest.raises(WorkspaceError, match="move it away"):
        await make_sample(path, git=git)
    assert (path / "mine.txt").read_text() == "mine"


async def test_a_repository_around_it_does_not_count_as_the_sample(git: Git, origin: Path, shell: Shell) -> None:
    path = origin / "sample"
    await make_sample(path, git=git)
    assert shell("log", "--format=%s", cwd=path) == "A cart with lines, discount and tax"
