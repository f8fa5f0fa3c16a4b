"""What systemd is told of a service of type notify: that it starts, is ready, works, ends (sd_notify(3)).

Without a socket in the environment nothing is said. A message is one datagram, sent without waiting; one that cannot be
sent is no fault of the service. Counterpart: `watchdog_pings.py`, which says that it works.
"""

import os
import socket
from collections.abc import MutableMapping
from typing import Final, Self

from ompycord.telemetry import get_logger

__all__ = ["NotifySocket"]

_SOCKET: Final = "NOTIFY_SOCKET"
_INTERVAL: Final = "WATCHDOG_USEC"
_PROCESS: Final = "WATCHDOG_PID"
_MICRO: Final = 1_000_000

log = get_logger(__name__)


class NotifySocket:
    """Where to say it, and how often a sign of life is wanted."""

    def __init__(self, address: str | None, *, watchdog_s: float | None) -> None:
        """`address`: a path, or an abstract name that begins with @; None: no one listens."""
        self._address = address
        self.watchdog_s = watchdog_s
        """Without a sign of life for so long the service is ended; None: no one waits for one."""
        self._has_failed = False
        self.is_ready = False
        """Whether it was said that it serves."""

    @classmethod
    def taken_from(cls, environ: MutableMapping[str, str], *, pid: int | None = None) -> Self:
        """The one of the environment, which is taken out of it: no program that we start may speak for us."""
        address = environ.pop(_SOCKET, "")
        interval, meant = environ.pop(_INTERVAL, ""), environ.pop(_PROCESS, "")
        is_ours = not meant or meant == str(pid if pid is not None else os.getpid())
        is_number = interval.isascii() and interval.isdigit() and int(interval) > 0
        usable = address if address.startswith(("/", "@")) and hasattr(socket, "AF_UNIX") else None
        return cls(usable, watchdog_s=int(interval) / _MICRO if is_ours and is_number else None)

    @property
    def is_there(self) -> bool:
        """Whether someone listens."""
        return self._address is not None

    def starting(self, what: str, *, more_s: float) -> None:
        """It starts and needs up to `more_s` from now on."""
        self._send(f"STATUS={what}", f"EXTEND_TIMEOUT_USEC={round(more_s * _MICRO)}")

    def ready(self, what: str) -> None:
        """It serves."""
        self.is_ready = True
        self._send("READY=1", f"STATUS={what}")

    def works(self) -> None:
        """It does its work at this moment."""
        self._send("WATCHDOG=1")

    def stopping(self) -> None:
        """It ends in order."""
        self._send("STOPPING=1", "STATUS=Ending; runs are kept.")

    def _send(self, *lines: str) -> None:
        if self._address is None:
            return
        name = f"\0{self._address[1:]}" if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
                sender.setblocking(False)
                sender.sendto("\n".join(line.replace("\n", " ") for line in lines).encode(), name)
        except OSError as error:
            if not self._has_failed:
                log.warning("service.not_notified", cause=error.strerror)
            self._has_failed = True
        else:
            self._has_failed = False
