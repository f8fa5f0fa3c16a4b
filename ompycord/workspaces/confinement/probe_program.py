"""A program that tries to break out, and prints as JSON what it could do.

It is started confined by `probe.py` and imports nothing of ours. Its one argument is JSON: the paths and the port to
try. Everything it tries is harmless where it succeeds.
"""

import ctypes
import errno
import json
import os
import resource
import socket
import sys
from collections.abc import Callable, Iterator
from itertools import chain, islice
from pathlib import Path

CONNECT_S = 2.0
ANYBODYS = "pressure"
"""Below /proc: watches on the load, which the kernel offers to every user."""
MANY = 20_000
"""Files below /sys that are tried: a machine with many processors has ever more of the same ones."""
NEW_USER, NEW_MOUNTS, NEW_GROUPS = 0x10000000, 0x00020000, 0x02000000  # linux/sched.h
CONTROL_GROUPS = (
    (b"cgroup2", None),
    *((b"cgroup", name) for name in (b"devices", b"freezer", b"memory", b"pids", b"cpu")),
)


def main() -> None:
    """Tries everything and prints the names of what it could do."""
    aims = json.loads(sys.argv[1])
    outside = Path(aims["outside"])

    def connect() -> None:
        socket.create_connection(("127.0.0.1", aims["port"]), timeout=CONNECT_S).close()

    tries: dict[str, Callable[[], object]] = {
        "read": (outside / "secret").read_bytes,
        "read the bot's environment": Path(f"/proc/{aims['pid']}/environ").read_bytes,
        "connect": connect,
        # Whether these really reached the files outside is checked by their owner.
        "work": lambda: Path("made").write_text("here", encoding="utf-8"),
        "write": lambda: (outside / "new").write_text("x", encoding="utf-8"),
        "empty": lambda: os.truncate(outside / "full", 0),
        "delete": (outside / "kept").unlink,
        "change the kernel's settings": change_settings,
        "write control groups": write_control_groups,
        "change the bot's limits": lambda: change_limits(aims["pid"]),
    }
    sys.stdout.write(json.dumps([name for name, attempt in tries.items() if could(attempt)]))


def change_settings() -> None:
    """Opens files for writing by which the machine is changed, and writes nothing.

    Raises OSError where none lets it.
    """
    tops = (
        top for top in Path("/proc").iterdir() if not (top.name.isdecimal() or top.name == ANYBODYS or top.is_symlink())
    )
    for file in chain(chain.from_iterable(map(files_of, tops)), islice(files_of(Path("/sys")), MANY)):
        if opens(file) and not is_own(file):
            return
    raise PermissionError(errno.EACCES, "no setting can be written")


def files_of(top: Path) -> Iterator[Path]:
    """`top`, if it is a file, or the files below it, without links and what cannot be listed."""
    if not top.is_dir():
        yield top
    for folder, _, names in os.walk(top):
        yield from (Path(folder, name) for name in names)


def opens(file: Path) -> bool:
    """Whether it can be opened for writing."""
    try:
        os.close(os.open(file, os.O_WRONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_NOCTTY | os.O_CLOEXEC))
    except OSError:
        return False
    return True


def is_own(file: Path) -> bool:
    """Whether it is a setting of a namespace that was made for this program.

    Where the user is not root, no other setting belongs to them.
    """
    return os.geteuid() != 0 and file.lstat().st_uid == os.geteuid()


def write_control_groups() -> None:
    """As root, mounts control groups in namespaces of its own and opens one for writing.

    Control groups of another user are that user's own. Raises OSError where it may not.
    """
    if os.geteuid() != 0:
        raise PermissionError(errno.EPERM, "not root")
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(NEW_USER | NEW_MOUNTS | NEW_GROUPS):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    room = Path.cwd()
    for kind, options in CONTROL_GROUPS:
        if libc.mount(b"none", os.fsencode(room), kind, 0, options) == 0 and opens(room / "cgroup.procs"):
            return
    raise PermissionError(errno.EPERM, "no control group")


def change_limits(pid: int) -> None:
    """Set a limit, the processors, the priority of another process to what they are.

    Raises OSError where none lets it.
    """
    tries: tuple[Callable[[], object], ...] = (
        lambda: resource.prlimit(pid, resource.RLIMIT_NOFILE, resource.prlimit(pid, resource.RLIMIT_NOFILE)),
        lambda: os.sched_setaffinity(pid, os.sched_getaffinity(pid)),
        lambda: os.sched_setscheduler(pid, os.sched_getscheduler(pid), os.sched_getparam(pid)),
        lambda: os.setpriority(os.PRIO_PROCESS, pid, os.getpriority(os.PRIO_PROCESS, pid)),
    )
    if not any(could(attempt) for attempt in tries):
        raise PermissionError(errno.EPERM, "no limit of another process can be changed")


def could(attempt: Callable[[], object]) -> bool:
    """Whether it succeeded."""
    try:
        attempt()
    except OSError:
        return False
    return True


if __name__ == "__main__":
    main()
