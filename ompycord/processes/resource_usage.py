"""The limits of the machine's resources for one program of a run, and a measurement of what it uses.

`launcher.py` ends a program that uses more. Nothing in the kernel bounds a tree of processes without rights that a bot
should not have, so it is counted from outside, about once a second. What that cannot see is in
docs/explanation/trust.md.
"""

import os
import stat
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import psutil

from ompycord.processes.escalation import belongs
from ompycord.processes.spec import START_MARK, ResourceLimits

__all__ = ["over_limit"]

_MIB: Final = 1_048_576
_BLOCK: Final = 512
"""What `st_blocks` counts in, whatever the file system (stat(2))."""
_ENDED: Final = (psutil.Error, OSError)


def over_limit(resource_limits: ResourceLimits, *, pid: int, mark: str | None) -> str | None:
    """What the program `pid`, with all that it started, exceeded. `mark` is its `ProcessSpec.start_mark`.

    It is the end of a sentence that starts with its name. Blocks for milliseconds, and for a walk through its folder.
    """
    members = _family(pid, mark)
    if len(members) > resource_limits.processes:
        return f"started more than {resource_limits.processes:,} processes"
    if _use_more(members, resource_limits.memory_mib * _MIB):
        return f"used more than {resource_limits.memory_mib:,} MiB of memory"
    if resource_limits.folder is not None and _is_heavier(resource_limits.folder, resource_limits.disk_mib * _MIB):
        return f"filled more than {resource_limits.disk_mib:,} MiB of the disk"
    return None


def _family(pid: int, mark: str | None) -> list[psutil.Process]:
    """The program, what descends from it, and what left it but is in its session or carries its mark. No zombies.

    Not by the run's id: programs of other runs can know that, and carry it.
    """
    processes = [one for one in psutil.process_iter(["ppid", "status"]) if one.info["status"] != psutil.STATUS_ZOMBIE]
    children: dict[int, list[psutil.Process]] = {}
    for process in processes:
        children.setdefault(process.info["ppid"], []).append(process)
    found = {process.pid: process for process in processes if belongs(process, mark, pid, variable=START_MARK)}
    found |= {process.pid: process for process in processes if process.pid == pid}
    ahead = list(found)
    while ahead:
        for child in children.get(ahead.pop(), []):
            if child.pid not in found:
                found[child.pid] = child
                ahead.append(child.pid)
    return list(found.values())


def _use_more(members: Sequence[psutil.Process], most: int) -> bool:
    """Whether they use more together.

    Resident memory counts shared pages once for each process: it only decides when to measure exactly.
    """
    resident = 0
    for process in members:
        with suppress(*_ENDED):
            resident += process.memory_info().rss
    if resident <= most or sys.platform != "linux":
        return resident > most
    exact = 0
    for process in members:
        with suppress(*_ENDED):
            exact += process.memory_full_info().pss
    return exact > most


def _is_heavier(folder: Path, most: int) -> bool:
    """Whether the content of the folder takes more of the disk.

    Links are measured, never followed; a file with two names counts once.
    """
    weight, ahead, twice = 0, [os.fspath(folder)], set[tuple[int, int]]()
    while ahead:
        try:
            with os.scandir(ahead.pop()) as entries:
                for entry in entries:
                    found = entry.stat(follow_symlinks=False)
                    if stat.S_ISDIR(found.st_mode):
                        ahead.append(entry.path)
                    elif found.st_nlink > 1:
                        if (found.st_dev, found.st_ino) in twice:
                            continue
                        twice.add((found.st_dev, found.st_ino))
                    weight += found.st_blocks * _BLOCK
                    if weight > most:
                        return True
        except OSError:  # it is gone, or not for us to read
            continue
    return False
