"""One bot session on the gateway: what it wants to hear, what it heard, and the socket it has just now."""

import asyncio
import zlib
from collections import deque
from dataclasses import dataclass
from typing import Final

from aiohttp import WSMsgType, web

from ompycord.playground.rules.documents import Json, as_objects, encode, public

GUILDS: Final = 1 << 0
GUILD_MEMBERS: Final = 1 << 1
GUILD_PRESENCES: Final = 1 << 8
GUILD_MESSAGES: Final = 1 << 9
GUILD_MESSAGE_REACTIONS: Final = 1 << 10
GUILD_MESSAGE_TYPING: Final = 1 << 11
DIRECT_MESSAGES: Final = 1 << 12
DIRECT_MESSAGE_REACTIONS: Final = 1 << 13
DIRECT_MESSAGE_TYPING: Final = 1 << 14
MESSAGE_CONTENT: Final = 1 << 15
KNOWN_INTENTS: Final = (1 << 26) - 1
QUEUE: Final = 2000


CUSTOM_STATUS: Final = 4
STATUSES: Final = ("online", "idle", "dnd", "invisible")


def presence_of(said: Json) -> Json:
    """`status` and the words beneath the bot's name, from a presence update (Discord, "Update Presence")."""
    first: Json = next(iter(as_objects(said.get("activities"))), Json())
    words = first.get("state") if first.get("type") == CUSTOM_STATUS else first.get("name")
    status = said.get("status")
    return {"status": status if status in STATUSES else "online", "words": str(words)[:128] if words else None}


@dataclass(frozen=True, kw_only=True)
class Close:
    """An order to the writer: send this close code and stop."""

    code: int
    reason: str = ""


class Connection:
    """One WebSocket: frames go out through a bounded queue, compressed as the client asked."""

    def __init__(self, socket: web.WebSocketResponse, request: web.Request, *, is_zlib: bool) -> None:
        self.socket = socket
        self._request = request
        self._compressor = zlib.compressobj() if is_zlib else None
        self._outbox: asyncio.Queue[Json | Close] = asyncio.Queue(QUEUE)
        self.session: Session | None = None
        self.is_closing = False
        self.is_deaf = False
        """It hears nothing and says nothing any more, as a connection does whose other end has gone unnoticed."""
        self.goodbye: int | None = None
        """The code with which the client closed; None while it has not, or where we closed."""

    def send(self, op: int, data: object = None, *, seq: int | None = None, name: str | None = None) -> None:
        """Queue one frame; a client that does not read is cut off."""
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
        if self._compressor is None:
            await self.socket.send_str(frame.decode())
            return
        packed = self._compressor.compress(frame) + self._compressor.flush(zlib.Z_SYNC_FLUSH)
        await self.socket.send_bytes(packed)

    async def receive(self, timeout_s: float) -> str | None:
        """The next text frame; None when the client has gone or stayed silent too long."""
        try:
            message = await self.socket.receive(timeout=timeout_s)
        except TimeoutError:
            self.close(4009, "Session timed out.")
            return None
        if message.type is WSMsgType.CLOSE and not self.is_closing:
            self.goodbye = message.data
        if message.type is WSMsgType.BINARY:
            return message.data.decode("utf-8", "replace")
        return message.data if message.type is WSMsgType.TEXT else None


class Session:
    """What outlives a connection: the numbering, the last events, the intents."""

    def __init__(self, *, session_id: str, intents: int, bot_id: str, replay: int) -> None:
        self.id = session_id
        self.intents = intents
        self.seq = 0
        self.connection: Connection | None = None
        self.presence: Json = {}
        """What the bot said of itself (opcode 3); empty while it said nothing."""
        self._bot_id = bot_id
        self._events: deque[tuple[int, str, Json]] = deque(maxlen=replay)

    def dispatch(self, name: str, data: Json) -> None:
        """Number an event, keep it for a RESUME, and send it if somebody is connected."""
        self.seq += 1
        self._events.append((self.seq, name, data))
        if self.connection is not None:
            self.connection.send(0, data, seq=self.seq, name=name)

    def has_all_since(self, seq: int) -> bool:
        """Whether a client that saw `seq` can be brought up to date."""
        oldest = self._events[0][0] if self._events else self.seq + 1
        return oldest - 1 <= seq <= self.seq

    def replay_since(self, seq: int) -> None:
        for number, name, data in self._events:
            if number > seq and self.connection is not None:
                self.connection.send(0, data, seq=number, name=name)

    def wants(self, intents: int) -> bool:
        return intents == 0 or bool(self.intents & intents)

    def may_read(self, message: Json) -> bool:
        """Content without the intent: own messages, direct messages, messages that mention the bot (Discord,
        "Gateway").
        """
        if self.intents & MESSAGE_CONTENT or "guild_id" not in message:
            return True
        is_mentioned = any(user["id"] == self._bot_id for user in message["mentions"])
        return message["author"]["id"] == self._bot_id or is_mentioned

    def seen(self, message: Json) -> Json:
        """The message as this session may see it."""
        if self.may_read(message):
            return public(message)
        return {**public(message), "content": "", "embeds": [], "attachments": [], "components": []}
