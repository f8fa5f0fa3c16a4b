"""An agent that a person installed below their home starts at every level: what it needs is seen, or named.

A copy of the system's shell stands for the Python of a virtual environment.
"""

import shutil
import sys
from pathlib import Path

import pytest

from ompycord.domain.repository import ConfinementLevel
from ompycord.errors import ProcessFailed
from ompycord.processes import ProcessSpec, Stream
from ompycord.processes.launcher_port import Layout
from tests.support.confinement import launcher_of, require
from tests.support.patience import within

pytestmark = [
    pytest.mark.posix,
    pytest.mark.timeout(60),
    pytest.mark.skipif(sys.platform != "linux", reason="confinement of any level: this machine gives none"),
]


@pytest.fixture(params=["full", "files+net", "files"])
def level(request: pytest.FixtureRequest) -> ConfinementLevel:
    require(request.param)
    return request.param


@pytest.fixture
def agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program of a virtual environment in a home, whose Python lies elsewhere in it."""
    home = tmp_path / "home"
    python = home / ".pyenv/versions/3.12/bin/python3.12"
    venv = home / "venv"
    for folder in (python.parent, venv / "bin"):
        folder.mkdir(parents=True)
    shutil.copy(Path("/bin/sh").resolve(), python)
    (venv / "bin/python").symlink_to(python)
    (venv / "pyvenv.cfg").write_text(f"home = {python.parent}\n")
    program = venv / "bin/agent"
    program.write_text(f"#!{venv / 'bin/python'}\necho started; cat {home}/secret 2>/dev/null; exit 0\n")
    program.chmod(0o755)
    (home / "secret").write_text("secret\n")
    monkeypatch.setenv("HOME", str(home))
    return program


async def printed(level: ConfinementLevel, program: Path, data: Path) -> list[str]:
    tree = data / "run/clone"
    tree.mkdir(parents=True)
    spec = ProcessSpec(argv=(str(program),), env={}, cwd=tree)
    async with within(30), launcher_of(level, data).start(spec, Layout(tree)) as process:
        return [line.text async for line in process.lines() if line.stream is Stream.STDOUT]


async def test_a_virtual_environment_whose_python_lies_in_the_home_starts(
    level: ConfinementLevel, agent: Path, tmp_path: Path
) -> None:
    assert await printed(level, agent, tmp_path / "data") == ["started"]


async def test_an_interpreter_that_is_missing_is_named(level: ConfinementLevel, agent: Path, tmp_path: Path) -> None:
    python = agent.with_name("python")
    python.unlink()
    with pytest.raises(ProcessFailed, match=f"agent needs {python}, which is not there"):
        await printed(level, agent, tmp_path / "data")
