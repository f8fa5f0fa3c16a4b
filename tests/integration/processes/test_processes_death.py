"""What happens when we die: the program goes along, and what outlives it is found by its marker."""

import asyncio
import math
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from uuid import uuid4

import psutil
import pytest

import ompycord
from ompycord.processes import ProcessSpec, escalation, kill_strays, launch, run

pytestmark = [pytest.mark.posix, pytest.mark.timeout(60)]
MakeSpec = Callable[..., ProcessSpec]
ClientDisconnected = Callable[[int], Awaitable[None]]
READ_OF_PROCESS = escalation.read_of_process
ROOT = str(Path(ompycord.__file__).parents[1])

PARENT = """
import asyncio, sys
from pathlib import Path
sys.path[:0] = sys.argv[1].split(":")
from ompycord.processes import ProcessSpec, launch

async def main():
    spec = ProcessSpec(argv=("/bin/sleep", "1000"), env={}, cwd=Path("/"))
    async with launch(spec) as process:
        print(process.pid, flush=True)
        await process.wait()

asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the parent-death signal is Linux's")
async def test_a_parent_killed_with_9_takes_the_program_along(python: MakeSpec, until_gone: ClientDisconnected) -> None:
    path = ":".join((ROOT, *(entry for entry in sys.path if "site-packages" in entry)))
    async with launch(python(PARENT, path)) as parent:
        grandchild = int((await anext(parent.lines())).text)
        assert os.getsid(grandchild) == grandchild  # a group of its own: nothing but the signal can reach it
        os.kill(parent.pid, signal.SIGKILL)
        await until_gone(grandchild)


async def test_a_sweep_finds_by_marker_only_and_says_how_many(
    python: MakeSpec, tmp_path: Path, until_gone: ClientDisconnected
) -> None:
    marker = str(tmp_path)
    code = "import signal; print('up'); signal.pause()"
    async with launch(python(code, marker=marker)) as mine, launch(python(code, marker=f"{marker}/other")) as other:
        await anext(mine.lines())
        await anext(other.lines())
        assert await kill_strays(marker) == 1
        await until_gone(mine.pid)
        assert await kill_strays(marker) == 0
        assert (await mine.wait()).signal == signal.SIGKILL
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(other.wait(), 0.05)


async def test_one_sweep_takes_what_carries_either_mark(
    python: MakeSpec, tmp_path: Path, until_gone: ClientDisconnected
) -> None:
    one, two = f"{tmp_path}/one", f"{tmp_path}/two"
    code = "import signal; print('up'); signal.pause()"
    async with launch(python(code, marker=one)) as first, launch(python(code, marker=two)) as second:
        await anext(first.lines())
        await anext(second.lines())
        assert await kill_strays(one, two) == 2
        await until_gone(first.pid)
        await until_gone(second.pid)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is no /proc")
async def test_a_sweep_that_finds_nothing_opens_no_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[int] = []

    class Noted(psutil.Process):
        def __init__(self, pid: int | None = None) -> None:
            super().__init__(pid)
            opened.append(self.pid)

    ancestors = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    monkeypatch.setattr(psutil, "Process", Noted)
    assert await kill_strays(str(tmp_path)) == 0
    assert set(opened) <= ancestors


class Exec:
    """A process of which nothing can be read for so many reads, as between two programs."""

    def __init__(self, pid: int, reads: float) -> None:
        self._pid, self.left = pid, reads

    def read(self, pid: str, name: str) -> bytes:
        if pid != str(self._pid):
            return READ_OF_PROCESS(pid, name)
        self.left -= 1
        return b"" if self.left >= 0 else READ_OF_PROCESS(pid, name)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is no /proc")
@pytest.mark.parametrize(("reads", "killed"), [(12, 1), (math.inf, 0)])
async def test_a_sweep_waits_for_what_starts_a_program_at_this_moment_and_not_for_ever(
    python: MakeSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reads: float, killed: int
) -> None:
    async with launch(python("import signal; print('up'); signal.pause()", marker=str(tmp_path))) as mine:
        await anext(mine.lines())
        seen = Exec(mine.pid, reads)
        monkeypatch.setattr(escalation, "read_of_process", seen.read)
        if killed == 0:
            monkeypatch.setattr(escalation, "_EXEC_S", 0.02)
        assert await kill_strays(str(tmp_path)) == killed


async def test_a_sweep_spares_whoever_asks_for_it_and_its_ancestors(python: MakeSpec) -> None:
    code = """
import asyncio, sys
sys.path[:0] = sys.argv[1].split(":")
from ompycord.processes import kill_strays
print(asyncio.run(kill_strays(sys.argv[2])))
"""
    path = ":".join((ROOT, *(entry for entry in sys.path if "site-packages" in entry)))
    marker = uuid4().hex
    completed = await run(python(code, path, marker, marker=marker))
    assert (completed.stdout, completed.exit_code) == (b"0\n", 0), completed.stderr
