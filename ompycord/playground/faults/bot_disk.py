"""A full disk for the bot alone: the kernel refuses what its processes write beyond a size.

RLIMIT_FSIZE is set on the running processes (prlimit, Linux), so nothing is written to the disk itself, and no root is
needed. docs/reference/playground.md lists how this differs from a disk without room.
"""

import contextlib
from typing import Final, cast

import psutil

from ompycord.playground.faults.bot_process import BotProcess, BotProcessError
from ompycord.playground.world.storage import Storage

RLIMIT_FSIZE: Final = cast("int | None", getattr(psutil, "RLIMIT_FSIZE", None))
WHY_NOT: Final = "this needs Linux, where a limit can be set on a program that runs"


class BotDisk:
    """Full or not. The earlier limit is stored, so that a killed playground limits no process permanently."""

    def __init__(self, *, storage: Storage, bot: BotProcess) -> None:
        self._storage = storage
        self._bot = bot

    @property
    def why_not(self) -> str | None:
        """Why the disk cannot be filled here; None where it can."""
        return WHY_NOT if RLIMIT_FSIZE is None else None

    def fill(self, room: int) -> None:
        """Let the bot and its programs write no file beyond `room` bytes. Raises BotProcessError."""
        root = self._bot.process()
        if RLIMIT_FSIZE is None:
            raise BotProcessError(WHY_NOT)
        if root is None:
            raise BotProcessError("the registered bot process does not run")
        try:
            soft, _ = root.rlimit(RLIMIT_FSIZE)
            self._storage.put("bot", "disk", {"pid": root.pid, "soft": soft, "room": room})
            _limit(root, room)
        except psutil.Error as error:
            raise BotProcessError("the system does not let us limit the bot") from error
        _limit_programs(root, room)

    def fill_again(self) -> None:
        """After the bot was started again: its disk is as full as before."""
        kept = self._storage.get("bot", "disk")
        if kept is not None and kept["pid"] != self._bot.pid:
            with contextlib.suppress(BotProcessError):  # it may have ended since
                self.fill(kept["room"])

    def free(self) -> None:
        """Restore the earlier limit; nothing happens where the disk was never filled."""
        kept, root = self._storage.get("bot", "disk"), self._bot.process()
        self._storage.delete("bot", "disk")
        if kept is None or root is None or root.pid != kept["pid"]:
            return
        with contextlib.suppress(psutil.Error):
            _limit(root, kept["soft"])
        _limit_programs(root, kept["soft"])


def _limit_programs(root: psutil.Process, soft: int) -> None:
    """Limit all programs that the bot started, but not ours; those that end or belong to another user are skipped."""
    with contextlib.suppress(psutil.Error):
        programs = root.children(recursive=True)
        me = psutil.Process()
        ours = {me, *me.children(recursive=True)} if me in programs else set[psutil.Process]()
        for process in programs:
            if process not in ours:
                with contextlib.suppress(psutil.Error):
                    _limit(process, soft)


def _limit(process: psutil.Process, soft: int) -> None:
    if RLIMIT_FSIZE is not None:
        _, hard = process.rlimit(RLIMIT_FSIZE)
        process.rlimit(RLIMIT_FSIZE, (soft, hard))
