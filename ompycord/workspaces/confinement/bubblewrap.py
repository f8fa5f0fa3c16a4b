"""Level *full*: a program in namespaces of its own, by bubblewrap.

Its counterpart that uses only the kernel is `landlock.py`.
"""

import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ompycord.domain.ports import Listener
from ompycord.processes import ProcessSpec
from ompycord.processes.launcher_port import Layout
from ompycord.processes.native_start import inside_start
from ompycord.workspaces.confinement.sandbox_view import SandboxView

__all__ = ["in_bubblewrap"]

_PROGRAM: Final = Path(__file__).with_name("confine_program.py")
_THREADS: Final = 16
"""Tasks that the kernel allows for each process of the limit: it counts every thread as one."""
_APART: Final = ("--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try")
_BASE: Final = ("--die-with-parent", "--cap-drop", "ALL", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp")  # noqa: S108  # its own
_NO_NAMESPACES: Final = "--disable-userns"
"""An option from bubblewrap 0.8 on.

Inside one more namespace a program of root's could mount control groups and write them (seen on 6.18).
"""
_PROC: Final = Path("/proc")
_WRITE: Final = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


def in_bubblewrap(
    spec: ProcessSpec, layout: Layout, seen: SandboxView, *, bwrap: Path, program: Path, user: int | None = None
) -> ProcessSpec:
    """`spec` within bubblewrap.

    `spec.env` is all that bubblewrap itself gets, so `/proc/1/environ` inside holds no more. TERM goes to the whole
    process group and would at once end bubblewrap, and all inside with it: the outer one ignores it, and the program
    gets its default back, so that it has its time to end. With a listener, and without other network, it listens on
    that one's port inside and hands the socket out before it starts. `user` is the number as which it sees itself;
    outside it stays ours.
    """
    network = () if layout.network else ("--unshare-net",)
    listener = None if layout.network else layout.listener
    inside = _by_python(spec, program, listener) if listener else _natively(spec, program) or _by_python(spec, program)
    root = (_NO_NAMESPACES, *_kernel()) if os.geteuid() == 0 else ()
    known_as = () if user is None else ("--uid", str(user), "--gid", str(user))
    folders = (
        *_APART,
        *known_as,
        *network,
        *_BASE,
        *root,
        *_mounts(seen),
        "--remount-ro",
        "/",
        "--chdir",
        str(spec.cwd),
    )
    argv = (str(bwrap), *folders, "--", *inside)
    return spec.model_copy(update={"argv": argv, "ignores_term": True, "passes_socket": listener is not None})


def _natively(spec: ProcessSpec, program: Path) -> tuple[str, ...] | None:
    """The start by two programs of the system, which take a millisecond each; None where that is not possible."""
    tools = inside_start()
    if tools is None or spec.claims_terminal or "=" in str(program):  # `env` would take such a path for a variable
        return None
    default = (str(tools.env), "--default-signal=TERM", str(program), *spec.argv[1:])
    if spec.resource_limits is None:
        return default
    import resource  # not on Windows, where this module can be imported

    hard = resource.getrlimit(resource.RLIMIT_NPROC)[1]
    tasks = spec.resource_limits.processes * _THREADS
    least = tasks if hard == resource.RLIM_INFINITY else min(tasks, hard)
    return (str(tools.prlimit), f"--nproc={least}:{least}", *default)


def _by_python(spec: ProcessSpec, program: Path, listener: Listener | None = None) -> tuple[str, ...]:
    tasks = "" if spec.resource_limits is None else f",tasks={spec.resource_limits.processes * _THREADS}"
    listen = "" if listener is None else f",listen={listener.port}"
    how = f"{'terminal' if spec.claims_terminal else 'default'}{tasks}{listen}"
    return (sys.executable, "-I", "-S", str(_PROGRAM), "term", how, str(program), *spec.argv)


def _kernel() -> Iterator[str]:
    """The files below /proc that change the machine, made read-only.

    To root the kernel grants writing without any capability. Only processes stay writable: inside they are the
    program's own. bubblewrap itself covers four of these folders where it may write into them, and no program may write
    into /proc/sys itself, only into its files.
    """
    device = _PROC.stat().st_dev
    for entry in sorted(_PROC.iterdir()):
        if not entry.name.isdecimal() and _changes_machine(entry, device):
            yield from ("--ro-bind-try", str(entry), str(entry))


def _changes_machine(entry: Path, device: int) -> bool:
    """Whether a file changes the machine.

    One on another mounted file system does not, since a new /proc is without it.
    """
    try:
        found = entry.lstat()
    except OSError:  # it was removed with its module
        return False
    is_open = stat.S_ISDIR(found.st_mode) or (stat.S_ISREG(found.st_mode) and found.st_mode & _WRITE != 0)
    return is_open and found.st_dev == device


def _mounts(seen: SandboxView) -> list[str]:
    """Parents before their contents, so that the more exact mount wins."""
    steps: list[tuple[int, int, tuple[str, ...]]] = []
    for path in seen.hidden:
        if any(path.is_relative_to(above) for above in seen.readable):
            veil = ("--tmpfs", str(path)) if path.is_dir() else ("--ro-bind", "/dev/null", str(path))
            steps.append((len(path.parts), 0, veil))
    for path in seen.readable:
        is_top_link = path.is_symlink() and path.parent == path.parent.parent
        shown = ("--symlink", str(path.readlink())) if is_top_link else ("--ro-bind", str(path))
        steps.append((len(path.parts), 1, (*shown, str(path))))
    steps += [(len(path.parts), 2, ("--bind", str(path), str(path))) for path in seen.writable]
    return [word for _, _, words in sorted(steps) for word in words]
