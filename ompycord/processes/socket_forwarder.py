"""Forwards what connects to a socket that a program handed out to a port of this machine, in a thread of its own.

For a person's terminal: who serves the run is another process (`passed_socket.py` is its way where that is this one).
"""

import asyncio
import contextlib
import threading
from collections.abc import Generator
from typing import Final

from ompycord.errors import ProcessFailed
from ompycord.processes.passed_socket import PassedSocket

__all__ = ["forwarding"]

_CHUNK: Final = 65_536
_END_S: Final = 5.0


@contextlib.contextmanager
def forwarding(passed: PassedSocket, port: int) -> Generator[None]:
    """While the block runs, forward what the program's socket gets, once it is here, to `port` on 127.0.0.1."""
    forwarder = _Forwarder(passed, port)
    thread = threading.Thread(target=forwarder.work, name="forwarder", daemon=True)
    thread.start()
    try:
        yield
    finally:
        forwarder.end()
        thread.join(_END_S)


class _Forwarder:
    def __init__(self, passed: PassedSocket, port: int) -> None:
        self._passed = passed
        self._port = port
        self._loop = asyncio.new_event_loop()
        self._ended = asyncio.Event()

    def work(self) -> None:
        """Runs in the thread until `end`."""
        with contextlib.suppress(ProcessFailed):  # the program says itself that it could not listen
            self._loop.run_until_complete(self._forward())
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()

    def end(self) -> None:
        """Ends it, from another thread."""
        with contextlib.suppress(RuntimeError):  # it has ended
            self._loop.call_soon_threadsafe(self._ended.set)

    async def _forward(self) -> None:
        async with asyncio.TaskGroup() as group:
            serving = group.create_task(self._serve(group))
            await self._ended.wait()
            serving.cancel()

    async def _serve(self, group: asyncio.TaskGroup) -> None:
        listening = await self._passed.receive()
        if listening is None:
            return
        open_now: set[asyncio.Task[None]] = set()

        def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = group.create_task(self._both_ways(reader, writer))
            open_now.add(task)
            task.add_done_callback(open_now.discard)

        server = await asyncio.start_server(connected, sock=listening)
        self._passed.release()
        try:
            await self._ended.wait()
        finally:
            server.close()
            for task in open_now:
                task.cancel()

    async def _both_ways(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer), contextlib.suppress(OSError):
            there, back = await asyncio.open_connection("127.0.0.1", self._port)
            with contextlib.closing(back):
                async with asyncio.TaskGroup() as ways:
                    ways.create_task(_copy(reader, back))
                    ways.create_task(_copy(there, writer))


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while part := await source.read(_CHUNK):
            target.write(part)
            await target.drain()
        if target.can_write_eof():
            target.write_eof()
