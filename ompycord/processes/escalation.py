"""Ends programs: TERM, KILL, then kills what left the group; its counterpart is `launcher.py`.

killpg alone is no hard stop: a double-forked child with a session of its own survives it
(docs/platform/git-and-confinement.md, *Killing*).
"""

import asyncio
import os
import signal
import sys
import time
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


async def kill_strays(marker: str, *, session: int | None = None) -> int:
    """Kills every process of ours that carries `OMPYCORD_RUN=marker` or belongs to `session`; returns how many.

    Also for the start after a crash. Spares this process and its ancestors. Bounded: ten rounds of a second at most, as
    a survivor may fork in between.
    """
    return await asyncio.to_thread(_kill_strays, marker, session)


_QUIET = 2
"""Rounds in a row that must find nothing: in one alone, a survivor may fork after the list was made and then end."""


def _kill_strays(marker: str, session: int | None) -> int:
    spared = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    killed: set[tuple[int, float]] = set()
    quiet = 0
    for _ in range(_ROUNDS):
        found = [process for process in psutil.process_iter() if process.pid not in spared]
        survivors = [process for process in found if belongs(process, marker, session)]
        quiet = 0 if survivors else quiet + 1
        if quiet == _QUIET:
            break
        for process in survivors:
            with suppress(psutil.Error):
                killed.add((process.pid, process.create_time()))
                process.kill()
        _await_end(survivors, marker, session)
    return len(killed)


def _await_end(survivors: list[psutil.Process], marker: str, session: int | None) -> None:
    # Not psutil.wait_procs: it reaps our own children, and asyncio then reports exit code 255 for them (seen).
    ends = time.monotonic() + _EXIT_S
    while time.monotonic() < ends and any(belongs(process, marker, session) for process in survivors):
        time.sleep(_POLL_S)


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
