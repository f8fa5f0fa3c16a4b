"""A confined program changes no limit and no scheduling of another program, and does what it likes with its own.

The bot notices what somebody else lowers of its own.
"""

import ctypes
import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import psutil
import pytest

from ompycord.domain.repository import ConfinementLevel
from ompycord.processes import ProcessSpec, Stream
from ompycord.processes.launcher_port import Layout
from ompycord.processes.own_limits import OwnLimits
from ompycord.workspaces.confinement.confine_program import ARCHITECTURES, filter_steps
from ompycord.workspaces.confinement.probe import gives
from tests.support.confinement import launcher_of, require
from tests.support.patience import patient, within

pytestmark = [
    pytest.mark.posix,
    pytest.mark.timeout(60),
    pytest.mark.skipif(sys.platform != "linux", reason="limits of other programs: Linux alone has prlimit(2)"),
]

TRIES = r"""
import ctypes, json, os, resource, sys
pid = int(sys.argv[1])
libc = ctypes.CDLL(None, use_errno=True)
def ioprio(which, who):
    if libc.syscall({"x86_64": 251}.get(os.uname().machine, 30), which, who, 3 << 13) < 0:
        raise OSError(ctypes.get_errno(), "")
tries = {
    "FSIZE": lambda: resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, 0)),
    "CPU": lambda: resource.prlimit(pid, resource.RLIMIT_CPU, (1, 1)),
    "NOFILE": lambda: resource.prlimit(pid, resource.RLIMIT_NOFILE, (12, 12)),
    "idle": lambda: os.sched_setscheduler(pid, os.SCHED_IDLE, os.sched_param(0)),
    "nice": lambda: os.setpriority(os.PRIO_PROCESS, pid, 19),
    "nice of its group": lambda: os.setpriority(os.PRIO_PGRP, pid, 19),
    "nice of all": lambda: os.setpriority(os.PRIO_USER, 0, 19),
    "one processor": lambda: os.sched_setaffinity(pid, {min(os.sched_getaffinity(0))}),
    "idle I/O": lambda: ioprio(1, pid),
    "idle I/O of all": lambda: ioprio(3, 0),
}
def could(attempt):
    try: attempt()
    except OSError: return False
    return True
print(json.dumps([name for name, attempt in tries.items() if could(attempt)]), flush=True)
"""
OWN = r"""
import os, resource, threading
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
resource.prlimit(os.getppid(), resource.RLIMIT_NOFILE)
os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
os.setpriority(os.PRIO_PROCESS, 0, 5)
os.setpriority(os.PRIO_PGRP, 0, 6)
os.nice(1)
thread = threading.Thread(target=os.getpid); thread.start(); thread.join()
print("all done", flush=True)
"""


@pytest.fixture(params=["full", "files+net", "files"])
def level(request: pytest.FixtureRequest) -> ConfinementLevel:
    require(request.param)
    return request.param


@pytest.fixture
def victim() -> Iterator[psutil.Process]:
    """A program of this user, such as the bot, that is in no confinement."""
    child = subprocess.Popen((sys.executable, "-c", "import time; time.sleep(300)"), start_new_session=True)
    yield psutil.Process(child.pid)
    child.kill()
    child.wait(patient(10))


async def printed(level: ConfinementLevel, tree: Path, code: str, *words: str) -> str:
    tree.mkdir(parents=True, exist_ok=True)
    spec = ProcessSpec(argv=(sys.executable, "-I", "-S", "-c", code, *words), env={}, cwd=tree)
    text = ""
    async with within(30), launcher_of(level).start(spec, Layout(tree)) as process:
        async for line in process.lines():
            text += line.text if line.stream is Stream.STDOUT else ""
        await process.wait()
    return text


def state(process: psutil.Process) -> object:
    limits = [resource.prlimit(process.pid, getattr(resource, f"RLIMIT_{name}")) for name in ("FSIZE", "CPU", "NOFILE")]
    scheduler = os.sched_getscheduler(process.pid), os.sched_getaffinity(process.pid)
    return limits, scheduler, process.nice(), process.ionice()


async def test_a_confined_program_lowers_nothing_of_another_one(
    level: ConfinementLevel, victim: psutil.Process, tmp_path: Path
) -> None:
    before, ours = state(victim), state(psutil.Process())
    could = json.loads(await printed(level, tmp_path / "run/clone", TRIES, str(victim.pid)))
    assert (state(victim), state(psutil.Process())) == (before, ours)
    assert could == [] or level == "full"  # there it is of a user namespace of its own: `all` are its own programs


async def test_it_changes_its_own_limits_as_it_likes(level: ConfinementLevel, tmp_path: Path) -> None:
    assert await printed(level, tmp_path / "run/clone", OWN) == "all done"


@pytest.mark.parametrize("level", ["files+net", "files"], indirect=True)
async def test_a_level_at_which_the_bots_limits_can_be_changed_is_not_given(
    level: ConfinementLevel, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from ompycord.workspaces.confinement import landlock

    text = landlock.__dict__["_PROGRAM"].read_text()
    without = tmp_path / "confine_program.py"
    without.write_text(text.replace("    protect_others(libc)\n", "", 1))
    monkeypatch.setattr(landlock, "_PROGRAM", without)
    assert not await gives(launcher_of(level))


def test_the_filter_is_whole_for_every_architecture() -> None:
    for known in ARCHITECTURES.values():
        steps = filter_steps(known)
        assert steps[-1][0] == 0x06
        for at, (code, yes, no, _) in enumerate(steps):
            if code & 0x07 == 0x05 and code != 0x05:  # a jump on a condition
                assert at + 1 + max(yes, no) < len(steps)


# -- the bot's own -----------------------------------------------------------------------------------------------------


@pytest.fixture
def said() -> list[tuple[Sequence[str], Sequence[str]]]:
    return []


@pytest.fixture
def own(said: list[tuple[Sequence[str], Sequence[str]]]) -> OwnLimits:
    return OwnLimits(report=lambda restored, lowered: said.append((restored, lowered)))


@pytest.mark.parametrize(
    ("name", "lower", "read"),
    [
        (
            "NOFILE",
            lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (200, resource.getrlimit(resource.RLIMIT_NOFILE)[1])),
            lambda: resource.getrlimit(resource.RLIMIT_NOFILE)[0],
        ),
        (
            "FSIZE",
            lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (10**9, resource.getrlimit(resource.RLIMIT_FSIZE)[1])),
            lambda: resource.getrlimit(resource.RLIMIT_FSIZE)[0],
        ),
        (
            "CPU",
            lambda: resource.setrlimit(resource.RLIMIT_CPU, (10**6, resource.getrlimit(resource.RLIMIT_CPU)[1])),
            lambda: resource.getrlimit(resource.RLIMIT_CPU)[0],
        ),
        (
            "priority",
            lambda: os.setpriority(os.PRIO_PROCESS, 0, os.getpriority(os.PRIO_PROCESS, 0) + 5),
            lambda: os.getpriority(os.PRIO_PROCESS, 0),
        ),
        (
            "I/O priority",
            lambda: psutil.Process().ionice(psutil.IOPRIO_CLASS_IDLE),
            lambda: psutil.Process().ionice(),
        ),
        (
            "scheduling policy",
            lambda: os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0)),
            lambda: os.sched_getscheduler(0),
        ),
        (
            "processors",
            lambda: os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}),
            lambda: os.sched_getaffinity(0),
        ),
    ],
)
def test_what_is_lowered_is_put_back_and_said_once(
    own: OwnLimits,
    said: list[tuple[Sequence[str], Sequence[str]]],
    name: str,
    lower: Callable[[], object],
    read: Callable[[], object],
) -> None:
    if name == "processors" and len(os.sched_getaffinity(0)) == 1:
        pytest.skip("processors that can be taken away: this machine has one")
    if name == "priority" and os.geteuid() != 0:
        pytest.skip("a priority that can be put back: only root raises one")
    before = read()
    lower()
    own.probe()
    assert read() == before
    own.probe()
    assert said == [((name,), ())]
    assert own.lowered == ()


LOWERED = r"""
import resource, sys
from ompycord.processes.own_limits import OwnLimits
resource.setrlimit(resource.RLIMIT_NOFILE, (100, 400))
said = []
own = OwnLimits(report=lambda restored, lowered: said.append((restored, lowered)))
resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[1]), int(sys.argv[2])))
for _ in range(2):
    own.probe()
print(resource.getrlimit(resource.RLIMIT_NOFILE))
print(said, own.lowered)
"""


@pytest.mark.parametrize(
    ("soft", "hard", "after", "words"),
    [
        ("30", "30", "(30, 30)", "[((), ('NOFILE',))] ('NOFILE',)"),  # the hard limit only rises for root
        ("30", "200", "(100, 200)", "[(('NOFILE',), ())] ()"),
    ],
)
def test_what_cannot_be_put_back_is_said_once(soft: str, hard: str, after: str, words: str) -> None:
    def become_nobody() -> None:
        if os.geteuid() == 0:
            libc = ctypes.CDLL(None)
            for number in range(64):  # root without capabilities, as in a container that dropped them
                libc.prctl(24, number, 0, 0, 0)

    done = subprocess.run(
        (sys.executable, "-c", LOWERED, soft, hard),
        preexec_fn=become_nobody,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(Path(__file__).parents[3])},
        timeout=patient(30),
        check=True,
    )
    assert done.stdout.splitlines() == [after, words]
