"""No confined program changes the machine by the kernel's own files, also where Ompycord runs as root.

Nothing here writes another value than the one that was read: a file counts as writable once it can be opened for
writing.
"""

import json
import os
import shutil
import sys
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from ompycord.app.confinement import launcher_at_start
from ompycord.domain.repository import ConfinementLevel
from ompycord.processes import ProcessSpec, Stream
from ompycord.processes.launcher_port import Layout
from ompycord.workspaces.confinement import bubblewrap
from ompycord.workspaces.confinement.probe import best_launcher, gives
from tests.support.confinement import CONFINED, launcher_of, require
from tests.support.patience import within

WRITABLE = """
import json, os, sys
euid, found, looked = os.geteuid(), [], 0
def walk(top):
    if os.path.islink(top): return
    if not os.path.isdir(top): yield top
    for folder, folders, names in os.walk(top):
        yield from (os.path.join(folder, name) for name in names)
tops = ["/proc/" + name for name in os.listdir("/proc") if not name.isdecimal() and (name != "pressure" or not euid)]
for top in sys.argv[1:] or [*tops, "/sys"]:
    for name in walk(top):
        looked += 1
        try:
            fd = os.open(name, os.O_WRONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_NOCTTY)
        except OSError:
            continue
        own = euid and os.fstat(fd).st_uid == euid  # of a namespace of its own
        os.close(fd)
        if not own: found.append(name)
print(json.dumps([looked, found]))
"""
SAME_VALUE = """
import sys
for name in sys.argv[1:]:
    try:
        was = open(name).read()
        with open(name, "w") as file: file.write(was)
        print(name)
    except OSError: pass
print("end")
"""
NAMESPACES = """
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
NEW_USER, NEW_MOUNTS, NEW_GROUPS, NEW_NET = 0x10000000, 0x00020000, 0x02000000, 0x40000000
libc.unshare(NEW_USER | NEW_MOUNTS | NEW_GROUPS | NEW_NET)
room = os.path.join(os.getcwd(), "room")
os.mkdir(room)
kinds = [(b"cgroup2", None), (b"sysfs", None), (b"proc", None)]
kinds += [(b"cgroup", name) for name in (b"devices", b"freezer", b"memory", b"pids", b"cpu", b"blkio")]
def walk():
    for folder, _, names in os.walk(room):
        yield from (os.path.join(folder, name) for name in names)
for kind, data in kinds:
    if libc.mount(b"none", room.encode(), kind, 0, data) == 0:
        for name in walk():
            try: os.close(os.open(name, os.O_WRONLY))
            except OSError: continue
            print(kind.decode(), name)
            break
for name in ("/proc/sys", "/proc"):
    MS_REMOUNT, MS_BIND = 32, 4096
    libc.umount2(name.encode(), 2)
    libc.mount(None, name.encode(), None, MS_REMOUNT | MS_BIND, None)
try:
    os.close(os.open("/proc/sys/vm/swappiness", os.O_WRONLY))
    print("uncovered")
except OSError: pass
print("end")
"""
DEVICE = """
import os, stat
for kind in (stat.S_IFBLK, stat.S_IFCHR):
    try:
        os.mknod("device", kind | 0o600, os.makedev(1, 1))  # a memory disk, and the memory itself
        os.close(os.open("device", os.O_RDONLY))
        print("made")
    except OSError: pass
print("end")
"""

IS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
as_root = pytest.mark.skipif(not IS_ROOT, reason="what root may: these tests run as another user")


@pytest.fixture(params=CONFINED)
def level(request: pytest.FixtureRequest) -> ConfinementLevel:
    found: ConfinementLevel = request.param
    require(found)
    return found


@pytest.fixture
def full() -> ConfinementLevel:
    require("full")
    return "full"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    path = tmp_path / "run/clone"
    path.mkdir(parents=True)
    return path


async def printed(level: ConfinementLevel, tree: Path, *argv: str) -> str:
    spec = ProcessSpec(argv=argv, env={}, cwd=tree)
    async with within(60), launcher_of(level).start(spec, Layout(tree)) as process:
        lines = [line.text async for line in process.lines() if line.stream is Stream.STDOUT]
        assert (await process.wait()).exit_code == 0
        return "\n".join(lines)


async def test_no_file_of_the_kernel_can_be_written_inside(level: ConfinementLevel, tree: Path) -> None:
    looked, found = json.loads(await printed(level, tree, sys.executable, "-c", WRITABLE))
    assert found == []
    assert looked > 100


async def test_not_even_the_value_that_it_has_is_written(level: ConfinementLevel, tree: Path) -> None:
    names = ("kernel/core_pattern", "vm/swappiness", "kernel/printk", "fs/file-max", "kernel/hostname")
    argv = (sys.executable, "-c", SAME_VALUE, *(f"/proc/sys/{name}" for name in names))
    assert await printed(level, tree, *argv) == "end"


async def test_a_shell_that_writes_them_is_refused_and_they_stay(level: ConfinementLevel, tree: Path) -> None:
    file = Path("/proc/sys/vm/swappiness")
    before = file.read_text()
    script = f"{{ echo {before.strip()} > {file}; }} 2>/dev/null && echo written; cat {file}"
    assert await printed(level, tree, "sh", "-c", script) == before.strip()
    assert file.read_text() == before


async def test_namespaces_of_its_own_lead_to_none_either(level: ConfinementLevel, tree: Path) -> None:
    assert await printed(level, tree, sys.executable, "-c", NAMESPACES) == "end"


async def test_no_device_is_made(level: ConfinementLevel, tree: Path) -> None:
    assert await printed(level, tree, sys.executable, "-c", DEVICE) == "end"


async def test_what_is_its_own_below_proc_stays_writable(full: ConfinementLevel, tree: Path) -> None:
    script = (
        'echo 500 > /proc/self/oom_score_adj && cat /proc/self/oom_score_adj && test -n "$(cat '
        '/proc/sys/kernel/pid_max)"'
    )
    assert await printed(full, tree, "sh", "-c", script) == "500"


@as_root
async def test_unconfined_root_can_write_them(tree: Path) -> None:
    """The attempts themselves are true: they succeed where nothing confines. They open files, and write nothing."""
    settings = ["/proc/sys/kernel/core_pattern", "/proc/sys/vm/swappiness"]
    said = await printed("none", tree, sys.executable, "-c", WRITABLE, *settings)
    assert json.loads(said) == [2, settings]


@as_root
@pytest.mark.parametrize("lost", ["_kernel", "_NO_NAMESPACES"])
async def test_the_probe_finds_out_where_root_is_not_kept_from_them(
    full: ConfinementLevel, lost: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What stands in for it says what is true anyway.
    harmless = {"_kernel": tuple, "_NO_NAMESPACES": "--unshare-user"}
    monkeypatch.setattr(bubblewrap, lost, harmless[lost])
    assert not await gives(launcher_of(full))
    found = await best_launcher(path=os.environ["PATH"], hidden=(), environ={})
    assert found.level != full


@as_root
async def test_root_with_a_bubblewrap_that_is_too_old_is_warned_at_the_start(
    full: ConfinementLevel, tmp_path: Path
) -> None:
    old = tmp_path / "bin/bwrap"
    old.parent.mkdir()
    refuses = 'case "$*" in *--disable-userns*) echo "bwrap: Unknown option" >&2; exit 1;; esac'
    old.write_text(f'#!/bin/sh\n{refuses}\nexec {shutil.which("bwrap")} "$@"\n')
    old.chmod(0o755)
    with capture_logs() as lines:
        launcher = await launcher_at_start(tmp_path / "data", {"PATH": f"{old.parent}:{os.environ['PATH']}"})
    assert launcher.level != full
    assert "bubblewrap 0.8 or newer" in launcher.remedy
    warned = [line for line in lines if line["event"] == "confinement.as_root"]
    assert [(line["log_level"], line["level"]) for line in warned] == [("warning", launcher.level)]


@as_root
async def test_root_that_confines_fully_is_not_warned(full: ConfinementLevel, tmp_path: Path) -> None:
    with capture_logs() as lines:
        launcher = await launcher_at_start(tmp_path / "data", os.environ)
    assert launcher.level == full
    assert [line for line in lines if line["event"] == "confinement.as_root"] == []
