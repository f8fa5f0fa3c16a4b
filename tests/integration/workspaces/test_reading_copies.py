"""A copy for an agent that only reads: no level lets it write there, and what was changed all the same is found."""

import os
import sys
from pathlib import Path

import pytest

from ompycord.domain.repository import ConfinementLevel
from ompycord.processes import Clocks, ProcessSpec
from ompycord.processes.launcher_port import Layout
from ompycord.workspaces.reading import FileCopy
from tests.support.confinement import CONFINED, launcher_of, require

ATTEMPTS = """
import pathlib, subprocess
done = []
for name, attempt in {
    "write": lambda: pathlib.Path("kept.txt").write_text("x"),
    "add": lambda: pathlib.Path("new.txt").write_text("x"),
    "remove": lambda: pathlib.Path("kept.txt").unlink(),
    "rename": lambda: pathlib.Path("folder").rename("other"),
    "git": lambda: pathlib.Path(".git/HEAD").write_text("x"),
}.items():
    try:
        attempt()
    except OSError:
        continue
    done.append(name)
pathlib.Path.home().joinpath("noted").write_text("its own")
print(done, pathlib.Path("kept.txt").read_text().strip())
"""


def folder_of(root: Path) -> Path:
    tree = root / "run" / "tree"
    (tree / ".git").mkdir(parents=True)
    (tree / "folder").mkdir()
    (tree / ".git/HEAD").write_text("ref: refs/heads/main\n")
    (tree / ".git/index").write_text("an index")
    (tree / "kept.txt").write_text("kept\n")
    return tree


@pytest.fixture(params=CONFINED)
def level(request: pytest.FixtureRequest) -> ConfinementLevel:
    require(request.param)
    return request.param


async def test_a_confined_agent_cannot_write_its_copy_and_has_a_home_of_its_own(
    tmp_path: Path, level: ConfinementLevel
) -> None:
    require(level)
    tree = folder_of(tmp_path)
    copy = await FileCopy.of(tree, "c" * 40)
    spec = ProcessSpec(argv=(sys.executable, "-c", ATTEMPTS), env={}, cwd=tree)
    layout = Layout(tree, is_read_only=True)
    async with launcher_of(level, tmp_path).start(spec, layout, clocks=Clocks(wall_s=60)) as process:
        lines = [line.text async for line in process.lines()]
        result = await process.wait()
    assert (result.exit_code, lines) == (0, ["[] kept"])
    assert (tree.parent / "home/noted").read_text() == "its own"
    assert await copy.changes() == ()


async def test_every_change_is_found_and_no_link_or_pipe_is_followed(tmp_path: Path) -> None:
    tree = folder_of(tmp_path)
    copy = await FileCopy.of(tree, "c" * 40)
    (tree / ".git/index").write_text("looking at a repository writes its index")
    assert await copy.changes() == ()
    (tree / "kept.txt").chmod(0o755)
    (tree / "out").symlink_to("/etc/passwd")
    os.mkfifo(tree / "pipe")
    (tree / "folder/deep").mkdir()
    (tree / "folder/deep/new.txt").write_text("x")
    (tree / ".git/refs").mkdir()
    (tree / ".git/refs/main").write_text("d" * 40)
    assert await copy.changes() == (".git", "folder/deep/new.txt", "kept.txt", "out", "pipe")
