"""What takes too much of the machine is ended with the sentence that says of what, at every level of confinement.

The hostile programs are bounded themselves: sixty processes, 64 MiB.
"""

import asyncio
import os
import sys
from pathlib import Path
from uuid import uuid4

import psutil
import pytest

from ompycord.domain.repository import ConfinementLevel
from ompycord.processes import MARKER, Outcome, ProcessResult, ProcessSpec, ResourceLimits
from ompycord.processes.launcher_port import Layout
from ompycord.processes.resource_usage import over_limit
from ompycord.processes.spec import START_MARK
from tests.support.confinement import CONFINED, launcher_of, require
from tests.support.patience import within

pytestmark = [pytest.mark.posix, pytest.mark.timeout(60)]

FORKS = """
import os, signal, time
for number in range(60):
    if os.fork() == 0:
        if number % 2:  # out of the session, and nobody's child any more
            os.setsid()
            if os.fork(): os._exit(0)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(50)
        os._exit(0)
print("all there", flush=True)
time.sleep(50)
"""
EATS = """
import time
held = [bytearray(b"x" * 1024 * 1024) for _ in range(64)]
print("all there", flush=True)
time.sleep(50)
"""
FILLS = """
import os, sys, time
for folder in (".", os.environ["HOME"], os.environ["TMPDIR"]):
    with open(folder + "/filler", "wb") as file:
        for _ in range(20): file.write(os.urandom(1024 * 1024))
print("all there", flush=True)
time.sleep(50)
"""
SHARES = """
import os, time
held = bytearray(os.urandom(24 * 1024 * 1024))
for _ in range(4):
    if os.fork() == 0:
        sum(held[::4096])
        time.sleep(2.5)
        os._exit(0)
for _ in range(4): os.wait()
"""
LIES = """
import os, time
with open("sparse", "wb") as file: file.truncate(1024 ** 3)
with open("one", "wb") as file: file.write(os.urandom(20 * 1024 * 1024))
for number in range(9): os.link("one", f"name-{number}")
os.symlink("/usr", "link")
time.sleep(2.5)
"""
LARGE = {"processes": 500, "memory_mib": 4096, "disk_mib": 4096}


@pytest.fixture
def full() -> ConfinementLevel:
    require("full")
    return "full"


@pytest.fixture(params=[*CONFINED, "none"])
def level(request: pytest.FixtureRequest) -> ConfinementLevel:
    require(request.param)
    return request.param


async def ended(level: ConfinementLevel, folder: Path, code: str, resource_limits: ResourceLimits) -> ProcessResult:
    """How it ended, and that nothing of it is left."""
    tree = folder / "run/clone"
    tree.mkdir(parents=True)
    marker = os.urandom(8).hex()  # of this test alone: its end sweeps whatever carries it
    spec = ProcessSpec(argv=(sys.executable, "-I", "-S", "-c", code), env={}, cwd=tree, marker=marker)
    async with (
        within(30),
        launcher_of(level).start(spec, Layout(tree, resource_limits=resource_limits)) as process,
    ):
        result = await process.wait()
    assert not [one for one in psutil.process_iter() if carries(one, marker)]
    return result


def carries(process: psutil.Process, marker: str) -> bool:
    try:
        return process.environ().get(MARKER) == marker and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


@pytest.mark.parametrize(
    ("code", "allowed", "words"),
    [
        (FORKS, {"processes": 40}, "started more than 40 processes"),
        (EATS, {"memory_mib": 48}, "used more than 48 MiB of memory"),
        (FILLS, {"disk_mib": 50}, "filled more than 50 MiB of the disk"),
    ],
    ids=["forks", "eats", "fills"],
)
async def test_what_takes_too_much_is_ended_and_leaves_nothing(
    level: ConfinementLevel, code: str, allowed: dict[str, int], words: str, tmp_path: Path
) -> None:
    result = await ended(level, tmp_path, code, ResourceLimits.model_validate({**LARGE, **allowed}))
    assert (result.outcome, result.over_limit) == (Outcome.OVER_LIMIT, words)


@pytest.mark.parametrize(
    ("code", "allowed"), [(SHARES, {"memory_mib": 80}), (LIES, {"disk_mib": 30})], ids=["shares", "lies"]
)
async def test_what_only_looks_like_much_is_let_be(code: str, allowed: dict[str, int], tmp_path: Path) -> None:
    result = await ended("none", tmp_path, code, ResourceLimits.model_validate({**LARGE, **allowed}))
    assert (result.outcome, result.exit_code, result.over_limit) == (Outcome.EXITED, 0, None)


WAITS = "import time; print('all there', flush=True); time.sleep(50)"


@pytest.mark.parametrize("names_the_run", ["by its environment", "in its command line"])
async def test_programs_of_others_that_carry_a_runs_id_do_not_count_for_it(
    level: ConfinementLevel, tmp_path: Path, names_the_run: str
) -> None:
    """Its id is no secret: the playground, a card's footer and the data folder have it."""
    tree = tmp_path / "run/clone"
    tree.mkdir(parents=True)
    run = os.urandom(8).hex()
    argv = (sys.executable, "-I", "-S", "-c", WAITS)
    spec = ProcessSpec(argv=argv, env={}, cwd=tree, marker=run)
    layout = Layout(tree, resource_limits=ResourceLimits(processes=8, memory_mib=4096, disk_mib=4096))
    others: list[asyncio.subprocess.Process] = []
    async with within(60), launcher_of(level).start(spec, layout) as process:
        await anext(process.lines())
        env = {MARKER: run} if names_the_run == "by its environment" else {}
        silent = asyncio.subprocess.DEVNULL
        others += [await asyncio.create_subprocess_exec(*argv, run, env=env, stdout=silent) for _ in range(20)]
        found = over_limit(layout.resource_limits, pid=process.pid, mark=mark_of(process.pid))
        for one in others:
            one.kill()
            await one.wait()
        assert found is None
        assert (await process.stop()).outcome is Outcome.STOPPED


def mark_of(pid: int) -> str:
    """What the program itself got, which programs of other runs cannot read where anything is confined."""
    family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    return next(one.environ()[START_MARK] for one in family if START_MARK in one.environ())


@pytest.mark.parametrize("level", ["files+net", "files"], indirect=True)
async def test_no_command_line_names_the_run_that_it_belongs_to(level: ConfinementLevel, tmp_path: Path) -> None:
    tree = tmp_path / "01JRUNRUNRUNRUNRUNRUNRUNRU/clone"
    tree.mkdir(parents=True)
    code = "import os, sys; sys.exit(any('_OMPYCORD_RULES' in one for one in os.environ))"
    spec = ProcessSpec(argv=(sys.executable, "-I", "-S", "-c", code), env={}, cwd=tree, marker=f"01JRUN{uuid4().hex}")
    arranged = launcher_of(level).arrange(spec, Layout(tree))
    assert not [word for word in arranged.argv if "01JRUN" in word]
    async with within(30), launcher_of(level).start(spec, Layout(tree)) as process:
        assert (await process.wait()).exit_code == 0  # nor does the program get the rules


async def test_in_a_namespace_of_its_own_the_kernel_bounds_its_tasks_too(
    full: ConfinementLevel, tmp_path: Path
) -> None:
    code = "import resource, sys; sys.exit(resource.getrlimit(resource.RLIMIT_NPROC)[0] != 32)"
    result = await ended(full, tmp_path, code, ResourceLimits(processes=2))
    assert result.exit_code == 0
