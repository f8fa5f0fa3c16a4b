"""Ends programs: TERM, KILL, then kills what left the group; its counterpart is `launcher.py`.

killpg alone is no hard stop: a double-forked child with a session of its own survives it
(docs/platform/git-and-confinement.md, *Killing*).
"""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import suppress

import psutil

from ompycord.processes.spec import MARKER

__all__ = ["belongs", "kill_group", "kill_strays", "terminate_group"]

_ROUNDS = 10
_EXIT_S = 1.0
_EXEC_S = 2.0
"""Seconds in all for processes that start a program at this moment, on a busy machine."""
_POLL_S = 0.01


def terminate_group(group: int) -> None:
    """Asks the process group to end."""
    _signal_group(group, signal.SIGTERM)


def kill_group(group: int) -> None:
    """Ends the process group at once. Does nothing where it is gone."""
    if sys.platform != "win32":
        _signal_group(group, signal.SIGKILL)


async def kill_strays(*markers: str, session: int | None = None) -> int:
    """Kills every process of ours that carries `OMPYCORD_RUN` with one of these or belongs to `session`; how many.

    Also for the start after a crash. Spares this process and its ancestors. Bounded: ten rounds of a second at most, as
    a survivor may fork in between, and two seconds for those of which nothing can be read yet.
    """
    return await asyncio.to_thread(_kill_strays, markers, session)


_QUIET = 2
"""Rounds in a row that must find nothing: in one alone, a survivor may fork after the list was made and then end."""


def _kill_strays(markers: Sequence[str], session: int | None) -> int:
    spared = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    killed: set[tuple[int, float]] = set()
    quiet, exec_ends = 0, time.monotonic() + _EXEC_S
    for _ in range(_ROUNDS):
        found, starting = _candidates(markers, session)
        survivors = [process for process in found if process.pid not in spared and _is_stray(process, markers, session)]
        for process in survivors:
            with suppress(psutil.Error):
                killed.add((process.pid, process.create_time()))
                process.kill()
        has_more = _await_start(starting, until=exec_ends)
        quiet = 0 if survivors or has_more else quiet + 1
        if quiet == _QUIET:
            break
        _await_end(survivors, markers, session)
    return len(killed)


def _candidates(markers: Sequence[str], session: int | None) -> tuple[list[psutil.Process], list[str]]:
    """All but those that one look tells to be no strays, which are nearly all; and the ids of those that start now."""
    if sys.platform != "linux":
        return list(psutil.process_iter()), []
    marks = [os.fsencode(f"{MARKER}={marker}") for marker in markers]
    found: list[psutil.Process] = []
    starting: list[str] = []
    for name in os.listdir("/proc"):  # noqa: PTH208  # names, of which most are numbers
        if not name.isdigit():
            continue
        may_be = _may_be_stray(name, marks, session)
        if may_be is None:
            starting.append(name)
        elif may_be:
            with suppress(psutil.Error):
                found.append(psutil.Process(int(name)))
    return found, starting


def _may_be_stray(pid: str, marks: Sequence[bytes], session: int | None) -> bool | None:
    """None: it cannot be told yet."""
    # psutil makes an object for each process and reads its state first: four times as long (bench journey).
    try:
        if session is not None and os.getsid(int(pid)) == session:
            return True
        environment = read_of_process(pid, "environ")
        if not environment and _starts(pid):
            return None
    except OSError:  # it has ended, or is another user's
        return False
    return any(mark in environment for mark in marks)


def _starts(pid: str) -> bool:
    """Whether it is between two programs: the kernel has taken the new one and not yet what it was started with.

    Threads of the kernel have no program. Raises OSError where there is none, or it may not be asked.
    """
    os.readlink(f"/proc/{pid}/exe")  # noqa: PTH115  # as above
    return not read_of_process(pid, "cmdline")


def read_of_process(pid: str, name: str) -> bytes:
    """A file of a process as the kernel makes it, at once. Raises OSError."""
    with open(f"/proc/{pid}/{name}", "rb", buffering=0) as file:  # noqa: PTH123  # read for each process, again and again
        return file.readall()


def _await_start(starting: Sequence[str], *, until: float) -> bool:
    """Wait until all of these have started or ended; whether they are to be looked at again. False once time is up."""
    for pid in starting:
        while _may_be_stray(pid, (), None) is None:
            if time.monotonic() >= until:
                return False
            time.sleep(_POLL_S)
    return bool(starting)


def _await_end(survivors: list[psutil.Process], markers: Sequence[str], session: int | None) -> None:
    # Not psutil.wait_procs: it reaps our own children, and asyncio then reports exit code 255 for them (seen).
    ends = time.monotonic() + _EXIT_S
    while time.monotonic() < ends and any(_is_stray(process, markers, session) for process in survivors):
        time.sleep(_POLL_S)


def _is_stray(process: psutil.Process, markers: Sequence[str], session: int | None) -> bool:
    return any(belongs(process, marker, session) for marker in markers)


def belongs(process: psutil.Process, marker: str | None, session: int | None, *, variable: str = MARKER) -> bool:
    """Whether it runs and is in this session or carries this mark in the variable."""
    try:
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        if session is not None and sys.platform != "win32" and os.getsid(process.pid) == session:
            return True
        return marker is not None and process.environ().get(variable) == marker
    except (psutil.Error, OSError):  # it has ended, or is another user's
        return False


def _signal_group(group: int, number: int) -> None:
    # macOS answers EPERM for a group of zombies.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)
