"""One WebSocket of a bot: frames are queued, compressed as the client asked, and written in order."""

import asyncio
from dataclasses import dataclass
from typing import Final

from aiohttp import WSMsgType, web

from ompycord.playground.gateway.packing import PackedPayloads, Packing, Text
from ompycord.playground.rules.documents import Json, encode

QUEUE: Final = 2000


@dataclass(frozen=True, kw_only=True)
class Close:
    """An order to the writer: send this close code and stop."""

    code: int
    reason: str = ""


class Connection:
    """Sends and receives frames. A client that does not read what it is sent is disconnected."""

    def __init__(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        self.socket = socket
        self._request = request
        self.packing: Packing = Text()
        """Set before the first frame; a stream once begun cannot change."""
        self._outbox: asyncio.Queue[Json | Close] = asyncio.Queue(QUEUE)
        self.address = request.path_qs
        self.is_closing = False
        self.is_deaf = False
        """Frames are neither read nor sent any more, as on a connection whose other end vanished unnoticed."""
        self.closed_with: int | None = None
        """The code with which the client closed; None while it has not, or where the playground closed."""

    def send(self, op: int, data: object = None, *, seq: int | None = None, name: str | None = None) -> None:
        """Queue one frame."""
        if self.is_deaf:
            return
        self._offer({"op": op, "d": data, "s": seq, "t": name})

    def close(self, code: int, reason: str = "") -> None:
        self.is_closing = True
        self._offer(Close(code=code, reason=reason))

    def drop(self) -> None:
        """Cut the connection without a closing frame."""
        if self._request.transport is not None:
            self._request.transport.abort()

    def _offer(self, item: Json | Close) -> None:
        try:
            self._outbox.put_nowait(item)
        except asyncio.QueueFull:
            self.drop()

    async def write(self) -> None:
        """Send what is queued until the socket closes."""
        while not self.socket.closed:
            item = await self._outbox.get()
            try:
                if isinstance(item, Close):
                    await self.socket.close(code=item.code, message=item.reason.encode())
                    return
                await self._send(encode(item))
            except ConnectionError:
                return

    async def _send(self, frame: bytes) -> None:
        packed = self.packing.pack(frame)
        if isinstance(packed, str):
            await self.socket.send_str(packed)
        else:
            await self.socket.send_bytes(packed)

    def pack_payloads(self) -> None:
        """Pack large payloads from here on, as IDENTIFY may ask; a packed stream stays as it is."""
        if isinstance(self.packing, Text):
            self.packing = PackedPayloads()

    async def receive(self, timeout_s: float) -> str | None:
        """The next text frame; None when the client is gone or sent nothing for `timeout_s` seconds."""
        try:
            message = await self.socket.receive(timeout=timeout_s)
        except TimeoutError:
            self.close(4009, "Session timed out.")
            return None
        if message.type is WSMsgType.CLOSE and not self.is_closing:
            self.closed_with = message.data
        if message.type is WSMsgType.BINARY:
            return message.data.decode("utf-8", "replace")
        return message.data if message.type is WSMsgType.TEXT else None
