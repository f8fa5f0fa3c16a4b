"""Ends programs: TERM, KILL, then kills what left the group; its counterpart is `launcher.py`.

killpg alone is no hard stop: a double-forked child with a session of its own survives it
(docs/platform/git-and-confinement.md, *Killing*).
"""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress

import psutil

from ompycord.processes.spec import MARKER

__all__ = ["belongs", "kill_group", "kill_strays", "terminate_group"]

_ROUNDS = 10
_EXIT_S = 1.0
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
    a survivor may fork in between.
    """
    return await asyncio.to_thread(_kill_strays, markers, session)


_QUIET = 2
"""Rounds in a row that must find nothing: in one alone, a survivor may fork after the list was made and then end."""


def _kill_strays(markers: Sequence[str], session: int | None) -> int:
    spared = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    killed: set[tuple[int, float]] = set()
    quiet = 0
    for _ in range(_ROUNDS):
        found = [process for process in _candidates(markers, session) if process.pid not in spared]
        survivors = [process for process in found if _is_stray(process, markers, session)]
        quiet = 0 if survivors else quiet + 1
        if quiet == _QUIET:
            break
        for process in survivors:
            with suppress(psutil.Error):
                killed.add((process.pid, process.create_time()))
                process.kill()
        _await_end(survivors, markers, session)
    return len(killed)


def _candidates(markers: Sequence[str], session: int | None) -> Iterator[psutil.Process]:
    """All processes but those of which one look tells that they are no strays: nearly all, and nearly always all."""
    if sys.platform != "linux":
        yield from psutil.process_iter()
        return
    marks = [os.fsencode(f"{MARKER}={marker}") for marker in markers]
    for name in os.listdir("/proc"):  # noqa: PTH208  # names, of which most are numbers
        if name.isdigit() and _may_be_stray(name, marks, session):
            with suppress(psutil.Error):
                yield psutil.Process(int(name))


def _may_be_stray(pid: str, marks: Sequence[bytes], session: int | None) -> bool:
    # psutil makes an object for each process and reads its state first: four times as long (bench journey).
    try:
        if session is not None and os.getsid(int(pid)) == session:
            return True
        with open(f"/proc/{pid}/environ", "rb", buffering=0) as file:  # noqa: PTH123  # as above
            environment = file.readall()
    except OSError:  # it has ended, or is another user's
        return False
    return any(mark in environment for mark in marks)


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
