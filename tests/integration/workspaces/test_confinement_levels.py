"""What a hostile program can and cannot do at each level that this machine has.

What it can stands in docs/explanation/trust.md.
"""

import asyncio
import json
import os
import secrets
import socket
import sys
from collections.abc import Generator
from pathlib import Path

import psutil
import pytest

from ompycord.domain.ids import RunId
from ompycord.domain.repository import ConfinementLevel, RepositorySpec
from ompycord.errors import ProcessFailed
from ompycord.processes import Clocks, Outcome, ProcessResult, ProcessSpec, Stream
from ompycord.processes.launcher_port import Launcher, Layout
from ompycord.workspaces.confinement.probe import best_launcher, gives
from ompycord.workspaces.git import Git
from ompycord.workspaces.service import GitWorkspaces
from tests.support.confinement import CONFINED, launcher_of, require
from tests.support.patience import until, within

ATTEMPTS = """
import contextlib, json, os, pathlib, socket, sys
aims = json.loads(sys.argv[1])
data, base = pathlib.Path(aims["data"]), pathlib.Path(aims["base"])
def dial():
    socket.create_connection(("127.0.0.1", aims["port"]), 3).close()
def link_out():
    os.symlink(data / "secret", "out"); return open("out").read()
def hard_link_out():
    os.link(data / "secret", "hard"); return open("hard").read()
def fd_root():
    return open(f"/proc/{aims['pid']}/root{data}/secret").read()
attempts = {
    "bot's environment": lambda: open(f"/proc/{aims['pid']}/environ").read(),
    "bot's memory": lambda: open(f"/proc/{aims['pid']}/mem", "rb").read(1),
    "bot's root": fd_root,
    "signal to the bot": lambda: os.kill(aims["pid"], 0),
    "data folder": lambda: (data / "secret").read_text(),
    "list data folder": lambda: [n for n in os.listdir(data) if n == "secret"][0],
    "another run": lambda: (data / "workspaces/other/clone/theirs.txt").read_text(),
    "own record": lambda: pathlib.Path("../meta.json").read_text(),
    "write own record": lambda: pathlib.Path("../meta.json").write_text("{}"),
    "home": lambda: pathlib.Path(aims["homefile"]).read_text(),
    "base's files": lambda: (base / "a.txt").read_text(),
    "base's config": lambda: (base / ".git/config").read_text(),
    "link out": link_out,
    "hard link out": hard_link_out,
    "connect": dial,
}
changes = {
    "write outside": lambda: (data / "planted").write_text("x"),
    "write the base's objects": lambda: (base / ".git/objects/planted").write_text("x"),
    "plant a hook in the base": lambda: (base / ".git/hooks/post-checkout").write_text("x"),
    "write the system": lambda: pathlib.Path("/usr", aims["planted"]).write_text("x"),
    "write the interpreter": lambda: pathlib.Path(sys.prefix, aims["planted"]).write_text("x"),
}
could = []
for name, attempt in {**attempts, **changes}.items():
    try:
        attempt()
    except (OSError, IndexError):
        continue
    could.append(name)
with contextlib.suppress(OSError):
    inside = pathlib.Path("/proc/1/environ").read_text()
    if "THE_BOTS_OWN" in inside or "THE_BOTS_OWN" in os.environ:
        could.append("environment of process 1")
print(json.dumps(could))
"""

ALLOWED: dict[ConfinementLevel, set[str]] = {
    # In a namespace of its own a write reaches a shadow; `changed` looks whether it was more.
    "full": {"write outside", "write own record"},
    # Signals are refused from Landlock's ABI 6 on.
    "files+net": {"signal to the bot"},
    "files": {"signal to the bot", "connect"},
}


class Ground:
    """A data folder with a secret, another run, a base and this run's prepared clone."""

    def __init__(self, data: Path, base: Path, clone: Path, home: Path) -> None:
        self.data = data
        self.base = base
        self.clone = clone
        self.home = home
        self.planted = f"planted-by-a-test-{secrets.token_hex(8)}"
        """The name of a file in folders that every test of this machine shares, and so this test's alone."""


@pytest.fixture(params=CONFINED)
def level(request: pytest.FixtureRequest) -> ConfinementLevel:
    found: ConfinementLevel = request.param
    require(found)
    return found


@pytest.fixture
def listener() -> Generator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
async def ground(
    tmp_path: Path,
    workspaces: GitWorkspaces,
    repository: RepositorySpec,
    run: RunId,
    origin: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Ground:
    monkeypatch.setenv("THE_BOTS_OWN", "token")
    home = tmp_path / "home"
    (home / ".agent").mkdir(parents=True)
    (home / ".agent/credentials").write_text("granted")
    (home / "private").write_text("not granted")
    monkeypatch.setenv("HOME", str(home))
    prepared = await workspaces.prepare(run, repository, base=None)
    data = tmp_path / "data"
    (data / "secret").write_text("secret")
    (data / "workspaces/other/clone").mkdir(parents=True)
    (data / "workspaces/other/clone/theirs.txt").write_text("theirs")
    return Ground(data, origin, prepared.path, home)


async def ran(
    launcher: Launcher, layout: Layout, *argv: str, marker: str | None = None, clocks: Clocks | None = None
) -> tuple[ProcessResult, str]:
    """How it ended and what it printed."""
    spec = ProcessSpec(argv=argv, env={}, cwd=layout.tree, marker=marker)
    said: list[str] = []
    async with within(60), launcher.start(spec, layout, clocks=clocks) as process:
        said = [line.text async for line in process.lines() if line.stream is Stream.STDOUT]
        return await process.wait(), "\n".join(said)


async def attempted(ground: Ground, launcher: Launcher, port: int, *, network: bool = False) -> set[str]:
    aims = {
        "data": str(ground.data),
        "base": str(ground.base),
        "pid": os.getpid(),
        "port": port,
        "homefile": str(ground.home / "private"),
        "planted": ground.planted,
    }
    layout = Layout(ground.clone, network=network)
    _, said = await ran(launcher, layout, sys.executable, "-c", ATTEMPTS, json.dumps(aims))
    return set(json.loads(said))


def changed(ground: Ground) -> list[Path]:
    """What was planted where it really counts; in a namespace of its own a write can reach a shadow only."""
    planted = (
        ground.data / "planted",
        ground.base / ".git/objects/planted",
        ground.base / ".git/hooks/post-checkout",
        Path("/usr", ground.planted),
        Path(sys.prefix, ground.planted),
    )
    return [path for path in planted if path.exists()]


async def test_a_hostile_program_gets_nothing_out_and_nothing_in(
    ground: Ground, level: ConfinementLevel, listener: int
) -> None:
    before = (ground.clone.parent / "meta.json").read_text()
    could = await attempted(ground, launcher_of(level, ground.data), listener)
    assert could <= ALLOWED[level]
    assert changed(ground) == []
    assert (ground.clone.parent / "meta.json").read_text() == before


async def test_unconfined_the_same_program_can_do_nearly_all_of_it(ground: Ground, listener: int) -> None:
    """The attempts themselves are true: they succeed where nothing confines."""
    could = await attempted(ground, launcher_of("none"), listener)
    for path in changed(ground):
        path.unlink()
    assert {"data folder", "another run", "home", "base's files", "link out", "connect", "write outside"} <= could


async def test_the_network_is_there_where_it_is_allowed(ground: Ground, level: ConfinementLevel, listener: int) -> None:
    assert "connect" in await attempted(ground, launcher_of(level, ground.data), listener, network=True)


async def test_git_works_in_the_clone_and_the_harvest_takes_what_it_made(
    ground: Ground, level: ConfinementLevel, run: RunId, repository: RepositorySpec, git: Git
) -> None:
    launcher = launcher_of(level, ground.data)
    script = "git log -1 --format=%s && echo more >> a.txt && git commit -qam mine && git status --short"
    result, said = await ran(launcher, Layout(ground.clone), "sh", "-ec", script)
    assert (result.exit_code, said) == (0, "first")
    confined = GitWorkspaces(
        folder=ground.data / "workspaces", repositories=ground.data / "repositories", git=git, launcher=launcher
    )
    collected = await confined.collect(run, repository, message="m")
    assert [file.path for file in collected.files] == ["a.txt"]
    async with confined.checkout(run, repository) as tree:
        result, said = await ran(launcher, Layout(tree), "sh", "-c", "cat a.txt; cat ../../clone/a.txt")
        assert said == "one\ntwo\nmore"


async def test_traps_in_the_clone_do_not_reach_the_host_by_a_confined_harvest(
    ground: Ground, level: ConfinementLevel, run: RunId, repository: RepositorySpec, git: Git, tmp_path: Path
) -> None:
    launcher = launcher_of(level, ground.data)
    trace = tmp_path / "trace"
    trap = f"echo '#!/bin/sh\necho sprung >> {trace}' > trap.sh; chmod +x trap.sh; "
    plant = "mkdir -p .git/hooks; cp trap.sh .git/hooks/post-checkout; git config core.fsmonitor $PWD/trap.sh"
    await ran(launcher, Layout(ground.clone), "sh", "-ec", trap + plant)
    confined = GitWorkspaces(
        folder=ground.data / "workspaces", repositories=ground.data / "repositories", git=git, launcher=launcher
    )
    await confined.collect(run, repository, message="m")
    assert not trace.exists()


async def test_only_what_is_granted_of_home_is_there_and_at_its_place(ground: Ground, level: ConfinementLevel) -> None:
    granted = ground.home / ".agent/credentials"
    layout = Layout(ground.clone, grants=(granted,), variables=("THE_BOTS_OWN",))
    read = (
        f"cat ~/.agent/credentials; echo; cat {ground.home}/private; echo $THE_BOTS_OWN; echo x > ~/.agent/credentials"
    )
    _, said = await ran(launcher_of(level, ground.data), layout, "sh", "-c", read)
    assert said.splitlines() == ["granted", "token"]
    assert granted.read_text() == "granted"


async def test_a_link_planted_in_its_home_leads_no_grant_elsewhere(ground: Ground, level: ConfinementLevel) -> None:
    layout = Layout(ground.clone, grants=(ground.home / ".agent/credentials",))
    launcher = launcher_of(level, ground.data)
    elsewhere = ground.data / "elsewhere"
    elsewhere.mkdir()
    await ran(launcher, Layout(ground.clone), "ln", "-s", str(elsewhere), str(layout.home / ".agent"))
    with pytest.raises(ProcessFailed, match="could not be put into the agent's HOME"):
        await ran(launcher, layout, "true")
    assert list(elsewhere.iterdir()) == []


async def test_the_data_folder_is_never_granted(ground: Ground, level: ConfinementLevel) -> None:
    for grant in (ground.data, ground.data / "secret", ground.data.parent):
        with pytest.raises(ProcessFailed, match="would show Ompycord's own data"):
            await ran(launcher_of(level, ground.data), Layout(ground.clone, grants=(grant,)), "true")


async def test_what_forks_twice_to_outlive_its_program_does_not(
    ground: Ground, level: ConfinementLevel, run: RunId
) -> None:
    fork = (
        "import os, time\nif os.fork() == 0:\n os.setsid()\n if os.fork() == 0:\n  os.close(1); time.sleep(300)\n "
        "os._exit(0)\n"
    )
    argv = (sys.executable, "-c", f"{fork}print(1)")
    result, said = await ran(launcher_of(level, ground.data), Layout(ground.clone), *argv, marker=run)
    assert (result.exit_code, said) == (0, "1")
    await until(lambda: left_of(run) == [])  # the kernel ends it with its namespace, or the sweep found it by its mark


def left_of(run: str) -> list[int]:
    found: list[int] = []
    for process in psutil.process_iter():
        try:
            if process.status() != psutil.STATUS_ZOMBIE and process.environ().get("OMPYCORD_RUN") == run:
                found.append(process.pid)
        except psutil.Error:
            continue
    return found


async def test_a_stop_leaves_time_to_end(ground: Ground, level: ConfinementLevel) -> None:
    script = "trap 'echo bye > bye.txt; exit 3' TERM; echo ready; while :; do sleep 0.05; done"
    spec = ProcessSpec(argv=("sh", "-c", script), env={}, cwd=ground.clone)
    async with launcher_of(level, ground.data).start(spec, Layout(ground.clone)) as process:
        async for line in process.lines():
            if line.text == "ready":
                break
        result = await process.stop()
    assert (result.outcome, result.exit_code) == (Outcome.STOPPED, 3)
    assert (ground.clone / "bye.txt").read_text() == "bye\n"


async def test_a_program_that_is_missing_is_named_before_anything_starts(
    ground: Ground, level: ConfinementLevel
) -> None:
    with pytest.raises(ProcessFailed, match="no-such-program was not found"):
        await ran(launcher_of(level, ground.data), Layout(ground.clone), "no-such-program")


async def test_a_level_that_does_not_hold_is_found_out(tmp_path: Path) -> None:
    """A launcher that says *files* and confines nothing, and one whose programs do not start."""
    liar = launcher_of("none")
    liar.level = "files"
    assert not await gives(liar)
    broken = tmp_path / "bwrap"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    found = await best_launcher(path=f"{tmp_path}:{os.environ['PATH']}", hidden=(), environ={})
    assert found.level != "full"
    assert found.remedy


OFFERED = {
    "full": (
        "bwrap",
        "--unshare-user",
        *(("--disable-userns",) if hasattr(os, "geteuid") and os.geteuid() == 0 else ()),
        "--unshare-pid",
        "--unshare-net",
        "--ro-bind",
        "/",
        "/",
        "--proc",
        "/proc",
        "true",
    ),
    "files+net": (sys.executable, "-c", "import ctypes; exit(ctypes.CDLL(None).syscall(444, None, 0, 1) < 4)"),
}


@pytest.mark.posix
@pytest.mark.parametrize("offered", ["full", "files+net"])
async def test_a_level_that_the_machine_offers_is_found(offered: ConfinementLevel) -> None:
    """Without it, a launcher that lost its hold would only skip the tests above."""
    try:
        process = await asyncio.create_subprocess_exec(*OFFERED[offered], stderr=asyncio.subprocess.DEVNULL)
    except FileNotFoundError:
        pytest.skip("what bubblewrap does: it is not installed")
    async with within(20):
        if await process.wait() != 0:
            pytest.skip(f"confinement of level {offered}: this machine does not give it")
    assert await gives(launcher_of(offered))
