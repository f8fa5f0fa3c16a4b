"""A receiver of webhooks on loopback: real sockets, answers that a test writes.

Every request verified by the reference library.
"""

import asyncio
import contextlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

import pytest
from standardwebhooks.webhooks import Webhook

from tests.support.patience import within

__all__ = ["HANG", "SECRET", "Received", "Receiver", "at_the_time_of"]

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # from the published vectors of Standard Webhooks
HANG = 0
"""Instead of a status: take the request and answer nothing."""
PATIENCE_S = 20.0


@dataclass(frozen=True)
class Received:
    """One request that was signed as it must be."""

    path: str
    id: str
    body: dict[str, Any]
    answered: int

    @property
    def seq(self) -> int:
        return self.body["delivery"]["seq"]


class Receiver:
    """Listens while it is up; the script says how the next requests are answered, then all are taken (204)."""

    def __init__(self, *, secret: str = SECRET) -> None:
        self._judge = Webhook(secret)
        self.script: list[int] = []
        self.requests: list[Received] = []
        self.unsigned: list[str] = []
        """Why requests were refused that were not signed."""
        self.port = 0
        self._server: asyncio.Server | None = None
        self._changed = asyncio.Condition()
        self._hanging: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    async def up(self) -> Self:
        """Listen, where it listened before."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def down(self) -> None:
        """Refuse connections."""
        if self._server is not None:
            self._server.close()
            for writer in self._hanging:
                await _closed(writer)
            self._hanging.clear()

    @property
    def taken(self) -> list[Received]:
        """What was answered with success."""
        return [one for one in self.requests if 200 <= one.answered < 300]

    async def until(self, holds: Callable[[], bool]) -> None:
        """Until it holds of what came; bounded."""
        async with within(PATIENCE_S), self._changed:
            await self._changed.wait_for(holds)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        line, *fields = head.strip().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (field.partition(":") for field in fields)}
        body = await reader.readexactly(int(headers["content-length"]))
        status = await self._take(line.split(" ")[1], headers, body)
        if status == HANG:
            self._hanging.add(writer)
            return
        more = "location: /elsewhere\r\n" if status // 100 == 3 else ""
        writer.write(f"HTTP/1.1 {status} as written\r\n{more}content-length: 0\r\nconnection: close\r\n\r\n".encode())
        await writer.drain()
        await _closed(writer)

    async def _take(self, path: str, headers: dict[str, str], body: bytes) -> int:
        async with self._changed:
            try:
                self._judge.verify(body, headers)
            except Exception as error:  # noqa: BLE001  # it raises several kinds
                self.unsigned.append(str(error))
                status = 401
            else:
                status = self.script.pop(0) if self.script else 204
                self.requests.append(Received(path, headers["webhook-id"], json.loads(body), status))
            self._changed.notify_all()
        return status


async def _closed(writer: asyncio.StreamWriter) -> None:
    """Close, and wait until the socket is; the other end may have gone first."""
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


def at_the_time_of(monkeypatch: pytest.MonkeyPatch, now_ms: Callable[[], int]) -> None:
    """The reference library judges timestamps by this clock."""

    class Time(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:
            return datetime.fromtimestamp(now_ms() / 1000, UTC)

    monkeypatch.setattr("standardwebhooks.webhooks.datetime", Time)
