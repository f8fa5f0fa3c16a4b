"""Our end of the pair by which a program hands out the socket on which it listens; made by `spawn.py`.

A program in a network of its own listens inside and passes the socket out before it becomes the agent
(`confine_program.py`). So what is served there needs no forwarder, and the socket itself tells whose request it is.
"""

import asyncio
import os
import socket
from typing import Final

from ompycord.errors import ProcessFailed

__all__ = ["PASSING", "PassedSocket"]

PASSING: Final = "_OMPYCORD_SOCKET"
"""The variable with the descriptor of the program's end, which the agent does not get."""
_PASS_S: Final = 30.0
"""Seconds until the socket is here; milliseconds on an idle machine."""
_ABOVE: Final = 10
"""Below are the descriptors that have a meaning to a shell, or to the JSON-lines dialect."""


class PassedSocket:
    """One pair. `theirs` is the descriptor for the program; close it here once the program has it."""

    def __init__(self) -> None:
        import fcntl  # not on Windows, where this module can be imported

        self._ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self._ours.setblocking(False)
        with theirs:
            self.theirs = fcntl.fcntl(theirs.fileno(), fcntl.F_DUPFD_CLOEXEC, _ABOVE)

    def close_theirs(self) -> None:
        """Closes the program's end here: then its end is noticed."""
        if self.theirs >= 0:
            os.close(self.theirs)
            self.theirs = -1

    async def receive(self) -> socket.socket | None:
        """The listening socket, not blocking; None where the program ended before. Raises ProcessFailed after 30 s."""
        try:
            async with asyncio.timeout(_PASS_S):
                await self._readable()
        except TimeoutError:
            raise ProcessFailed(
                f"The program did not hand out its listener within {_PASS_S:.0f} s: is the machine overloaded?"
            ) from None
        _, descriptors, _, _ = socket.recv_fds(self._ours, 1, 1)
        if not descriptors:
            return None
        os.set_inheritable(descriptors[0], False)
        listening = socket.socket(fileno=descriptors[0])
        listening.setblocking(False)
        return listening

    def release(self) -> None:
        """Lets the program go on: what it hands out is served now. One that has ended is no error."""
        try:
            self._ours.send(b"g")
        except OSError:
            return

    def close(self) -> None:
        """Closes both ends."""
        self.close_theirs()
        self._ours.close()

    async def _readable(self) -> None:
        loop, ready = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(self._ours, ready.set)
        try:
            await ready.wait()
        finally:
            loop.remove_reader(self._ours)
