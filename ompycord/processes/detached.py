"""Starts a program that outlives us: a session of its own and no parent-death signal; only for the playground.

Counterpart of `launcher.py`, whose programs end with us: the playground survives when the bot is killed.
"""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from ompycord.errors import ProcessFailed

__all__ = ["start_detached"]


def start_detached(argv: Sequence[str], *, env: Mapping[str, str], cwd: Path, log: Path) -> subprocess.Popen[bytes]:
    """The started program; its output goes to `log` (0600, emptied first).

    Raises ProcessFailed when it cannot be started.
    """
    log.touch(mode=0o600)
    flags = subprocess.CREATE_NEW_PROCESS_GROUP if sys.platform == "win32" else 0
    try:
        with log.open("wb") as output:
            return subprocess.Popen(  # noqa: S603  # an argument list of ours, never a shell
                list(argv),
                env=dict(env),
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                creationflags=flags,
            )
    except OSError as error:
        raise ProcessFailed(f"{Path(argv[0]).name} could not be started: {error.strerror}.") from None
