"""The load: 64 keep-alive connections over one epoll, requests signed beforehand; counterpart of `server.py`.

Plain sockets, because a client library would cost more than the server that is measured.
"""

import select
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

__all__ = ["Load", "Unexpected"]

READ = 65536
STUCK_S = 30.0


class Unexpected(Exception):
    """An answer other than 202, or none: the round is void."""


@dataclass(slots=True, eq=False)
class _Line:
    """One connection and the request that is on it."""

    sock: socket.socket
    buffer: bytearray = field(default_factory=bytearray)
    due: float = 0.0


class Load:
    """Connections to one server. Used from one thread; `close` it."""

    def __init__(self, port: int, *, connections: int, answers: tuple[bytes, ...] = (b"202",)) -> None:
        """`answers` are the statuses that count as one; any other voids the round."""
        self._starts = tuple(b"HTTP/1.1 " + status for status in answers)
        self._epoll = select.epoll()
        self._lines: dict[int, _Line] = {}
        for _ in range(connections):
            sock = socket.create_connection(("127.0.0.1", port))
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.setblocking(False)
            self._lines[sock.fileno()] = _Line(sock)
            self._epoll.register(sock.fileno(), select.EPOLLIN)

    def close(self) -> None:
        for line in self._lines.values():
            line.sock.close()
        self._epoll.close()

    def closed_loop(self, requests: Sequence[bytes]) -> float:
        """Each connection sends its next request when its last was answered. Seconds for all of them."""
        pending = iter(requests)
        open_ = 0
        start = time.perf_counter()
        for line in self._lines.values():
            request = next(pending, None)
            if request is not None:
                _send(line, request)
                open_ += 1
        while open_:
            for number, _ in self._ready(STUCK_S):
                line = self._lines[number]
                if not _answered(line, self._starts):
                    continue
                request = next(pending, None)
                if request is None:
                    open_ -= 1
                else:
                    _send(line, request)
        return time.perf_counter() - start

    def open_loop(self, requests: Sequence[bytes], *, per_s: float) -> list[float]:
        """Send at fixed times whatever the server does; the seconds from each due time to its answer.

        A request that finds no free connection waits for one, and its clock runs. Polls without sleeping: a timer of
        the kernel would add a millisecond.
        """
        free = list(self._lines.values())
        latencies: list[float] = []
        start = time.perf_counter() + 0.01
        sent = 0
        while len(latencies) < len(requests):
            now = time.perf_counter()
            while sent < len(requests) and free and start + sent / per_s <= now:
                line = free.pop()
                line.due = start + sent / per_s
                _send(line, requests[sent])
                sent += 1
            for number, _ in self._ready(0 if sent < len(requests) else STUCK_S):
                line = self._lines[number]
                if _answered(line, self._starts):
                    latencies.append(time.perf_counter() - line.due)
                    free.append(line)
        return latencies

    def _ready(self, timeout_s: float) -> list[tuple[int, int]]:
        ready = self._epoll.poll(timeout_s)
        if not ready and timeout_s:
            raise Unexpected(f"no answer for {timeout_s:.0f} s")
        return ready


def _send(line: _Line, request: bytes) -> None:
    if line.sock.send(request) != len(request):
        raise Unexpected("the socket's buffer is smaller than a request")


def _answered(line: _Line, starts: tuple[bytes, ...]) -> bool:
    """Whether the whole answer is here. Raises Unexpected unless it begins with one of these."""
    chunk = line.sock.recv(READ)
    if not chunk:
        raise Unexpected("the server closed a connection")
    buffer = line.buffer
    buffer += chunk
    end = buffer.find(b"\r\n\r\n")
    if end < 0:
        return False
    at = buffer.find(b"content-length: ") + 16
    length = int(buffer[at : buffer.index(b"\r", at)])
    if len(buffer) < end + 4 + length:
        return False
    if not buffer.startswith(starts):
        raise Unexpected(bytes(buffer[:300]).decode("latin-1"))
    buffer.clear()
    return True
