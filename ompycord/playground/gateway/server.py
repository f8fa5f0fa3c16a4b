"""The gateway: WebSocket sessions that identify, send heartbeats, resume and receive events; its counterpart is a bot's
gateway client.

Discord, "Gateway" and "Opcodes and status codes". JSON only, packed as `packing.py` can; what is asked beyond that is
refused by name.
"""

import asyncio
import secrets
from collections.abc import Callable
from typing import Final

from aiohttp import web

from ompycord.playground.gateway import payloads
from ompycord.playground.gateway.connection import Connection
from ompycord.playground.gateway.packing import UnsupportedError, packing_for
from ompycord.playground.gateway.session import Session, presence_of
from ompycord.playground.rules.documents import Json, as_list, as_object, decode_object, public
from ompycord.playground.rules.intents import (
    GUILD_MEMBERS,
    GUILD_PRESENCES,
    GUILDS,
    KNOWN_INTENTS,
    MESSAGE_CONTENT,
    MESSAGE_CONTENT_FLAGS,
)
from ompycord.playground.rules.limits import Limits, RateRule
from ompycord.playground.rules.ratelimit import RateLimiter
from ompycord.playground.world.guild import World

LIMITED_FLAGS: Final = {GUILD_PRESENCES: 0b11 << 12, GUILD_MEMBERS: 0b11 << 14, MESSAGE_CONTENT: MESSAGE_CONTENT_FLAGS}
"""Privileged intent -> the application flags that allow it (verified or in few guilds)."""
RESUMABLE_AFTER: Final = 20
"""Sessions kept at once; the oldest unconnected one is forgotten beyond that."""
MISSED_HEARTBEATS: Final = 2
"""A client that sends nothing for so many intervals is disconnected."""
CLOSING_S: Final = 5.0


class Gateway:
    """All sessions of the bot. `on_status` is called when the bot connects, disconnects or changes its presence."""

    def __init__(self, world: World, limits: Limits) -> None:
        self._world = world
        self._limits = limits
        self._sessions: dict[str, Session] = {}
        self._connections: dict[Connection, Session | None] = {}
        """Every open connection, with its session once it identified itself."""
        self._heartbeat_ms = limits.heartbeat_ms
        self.identifies_left = 1000
        self.on_status: Callable[[], None] = lambda: None
        self.is_out: Callable[[], bool] = lambda: False
        """Whether an outage lasts, during which connections are refused."""
        self.on_refusal: Callable[[str, int, str], None] = lambda _address, _code, _words: None
        """Is told of every connection that is refused: the address it asked for, the close code and its words."""
        self.url = ""
        """Where a session can be resumed."""

    @property
    def is_online(self) -> bool:
        return any(session.connection for session in self._sessions.values())

    @property
    def presence(self) -> Json:
        """The bot's status and the text beneath its name, as people see them."""
        if not self.is_online:
            return {"status": "offline", "words": None}
        known = [session.presence for session in self._sessions.values() if session.connection and session.presence]
        return known[-1] if known else {"status": "online", "words": None}

    def dispatch(self, name: str, data: Json, *, intents: int) -> None:
        """Send an event to every session that has one of the intents (0: to all)."""
        for session in self._sessions.values():
            if session.wants(intents):
                session.dispatch(name, public(data))

    def dispatch_guild(self) -> None:
        """The bot was added to the guild again: send all of it to every session with the intent."""
        for session in self._sessions.values():
            if session.wants(GUILDS):
                session.dispatch("GUILD_CREATE", payloads.guild_create(self._world, session))

    def dispatch_message(self, name: str, message: Json, *, intents: int) -> None:
        """Send a message event, its content only to sessions that may read it."""
        for session in self._sessions.values():
            if session.wants(intents):
                session.dispatch(name, session.filtered(message))

    # -- what a test or an ending process does to connections ------------------------------------------------------

    def disturb(self, wanted: Json) -> bool:
        """`close` with a `code`, `drop`, `reconnect` (opcode 7), `invalid_session` (opcode 9, `resumable`), `deafen`
        (no heartbeat of present connections is answered any more), `heartbeat` (`ms` for later connections); False
        for anything else.
        """
        match wanted.get("action"):
            case "close":
                self.close_all(int(wanted.get("code", 4000)))
            case "drop":
                self.drop_all()
            case "reconnect":
                self.ask_to_reconnect()
            case "invalid_session":
                self.invalidate(is_resumable=bool(wanted.get("resumable")))
            case "deafen":
                for connection in self._connections:
                    connection.is_deaf = True
            case "heartbeat":
                self._heartbeat_ms = int(wanted.get("ms", self._limits.heartbeat_ms))
            case _:
                return False
        return True

    def close_all(self, code: int) -> None:
        for connection in tuple(self._connections):
            connection.close(code)

    def drop_all(self) -> None:
        for connection in tuple(self._connections):
            connection.drop()

    def ask_to_reconnect(self) -> None:
        """Opcode 7 on every connection."""
        for connection in tuple(self._connections):
            connection.send(7)

    def invalidate(self, *, is_resumable: bool) -> None:
        """Opcode 9 on every connection; sessions that are not resumable are forgotten."""
        for connection in tuple(self._connections):
            connection.send(9, is_resumable)
        if not is_resumable:
            for session in tuple(self._connections.values()):
                if session is not None:
                    self._sessions.pop(session.id, None)

    def count_connections(self) -> int:
        return len(self._connections)

    # -- one connection --------------------------------------------------------------------------------------------

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """Converse with one client until it leaves."""
        if self.is_out():
            raise web.HTTPServiceUnavailable
        socket = web.WebSocketResponse(max_msg_size=1 << 20, timeout=2.0, compress=False)
        await socket.prepare(request)
        connection = Connection(socket, request)
        self._connections[connection] = None
        try:
            async with asyncio.TaskGroup() as group:
                writer = group.create_task(connection.write())
                try:
                    connection.packing = packing_for(request.query)
                except UnsupportedError as problem:
                    # Clients take 4012 as final; any other code would let them knock for ever.
                    self._refuse(connection, 4012, str(problem))
                else:
                    await self._converse(connection)
                if connection.is_closing:
                    await asyncio.wait([writer], timeout=CLOSING_S)
                writer.cancel()
        finally:
            self._disconnect(connection, self._connections.pop(connection))
        return socket

    async def _converse(self, connection: Connection) -> None:
        connection.send(10, {"heartbeat_interval": self._heartbeat_ms, "_trace": ['["playground",{}]']})
        limiter = RateRule(name="gateway", limit=self._limits.gateway_events, window_s=60, source="[gw]")
        budget = RateLimiter(self._limits.rates)
        silence_s = self._heartbeat_ms / 1000 * MISSED_HEARTBEATS
        while (text := await connection.receive(silence_s)) is not None:
            if budget.take_sub_limit(limiter, "", self._world.clock.now()) is not None:
                return self._refuse(connection, 4008, "You are being rate limited.")
            frame = decode_object(text)
            if frame is None or len(text.encode()) > self._limits.gateway_payload:
                return self._refuse(connection, 4002, "Error while decoding payload.")
            if not (connection.is_deaf or connection.is_closing):
                self._handle(connection, frame)
        return None

    def _handle(self, connection: Connection, frame: Json) -> None:
        op, data, session = frame.get("op"), frame.get("d"), self._connections[connection]
        if op == 1:
            return connection.send(11)
        if op in (2, 6):
            if session is not None:
                return self._refuse(connection, 4005, "Already authenticated.")
            if not isinstance(data, dict):
                return self._refuse(connection, 4002, "Error while decoding payload.")
            body: Json = data  # pyright: ignore[reportUnknownVariableType]  # narrowed above, from JSON
            return self._identify(connection, body) if op == 2 else self._resume(connection, body)
        if session is None:
            return self._refuse(connection, 4003, "Not authenticated.")
        return self._handle_more(connection, session, op, as_object(data))

    def _handle_more(self, connection: Connection, session: Session, op: object, data: Json | None) -> None:
        """What only an identified session may send; a voice state (4) is accepted without an answer."""
        if op == 3 and data is not None:
            session.presence = presence_of(data)
            self.on_status()
        elif op == 8 and data is not None:
            session.dispatch("GUILD_MEMBERS_CHUNK", payloads.members_chunk(self._world, data))
        elif op not in (3, 4, 8, 31):
            self._refuse(connection, 4001, "Unknown opcode.")

    def _identify(self, connection: Connection, data: Json) -> None:
        intents = data.get("intents")
        if not self._is_token(data):
            return self._refuse(connection, 4004, "Authentication failed.")
        if not isinstance(intents, int) or intents < 0 or intents & ~KNOWN_INTENTS:
            return self._refuse(connection, 4013, "Invalid intent(s).")
        if data.get("shard") is not None and not _is_whole(as_list(data["shard"])):
            return self._refuse(connection, 4010, "Invalid shard.")
        flags = self._world.application["flags"]
        if any(intents & intent and not flags & allowed for intent, allowed in LIMITED_FLAGS.items()):
            return self._refuse(connection, 4014, "Disallowed intent(s).")
        self.identifies_left = max(0, self.identifies_left - 1)
        session = Session(
            session_id=secrets.token_hex(16), intents=intents, bot_id=self._world.bot_id, replay=self._limits.replay
        )
        if update := as_object(data.get("presence")):
            session.presence = presence_of(update)
        if data.get("compress") is True:
            connection.pack_payloads()
        self._keep(session)
        self._connect(session, connection)
        session.dispatch("READY", payloads.ready(self._world, session, data, resume_url=self.url))
        if session.wants(GUILDS) and self._world.storage.get("member", self._world.bot_id):
            session.dispatch("GUILD_CREATE", payloads.guild_create(self._world, session))
        return None

    def _resume(self, connection: Connection, data: Json) -> None:
        if not self._is_token(data):
            return self._refuse(connection, 4004, "Authentication failed.")
        session = self._sessions.get(str(data.get("session_id")))
        seq = data.get("seq")
        if session is None or not isinstance(seq, int) or not session.has_all_since(seq):
            return connection.send(9, data=False)
        if session.connection is not None:
            session.connection.close(4000)
        self._connect(session, connection)
        session.replay_since(seq)
        return session.dispatch("RESUMED", {"_trace": []})

    def _refuse(self, connection: Connection, code: int, words: str) -> None:
        """Close a connection for what its client did, and say so where the bot's author looks."""
        connection.close(code, words)
        self.on_refusal(connection.address, code, words)

    def _is_token(self, data: Json) -> bool:
        return str(data.get("token", "")).removeprefix("Bot ") == self._world.bot_token

    def _keep(self, session: Session) -> None:
        idle = [key for key, kept in self._sessions.items() if kept.connection is None]
        for key in idle[: max(0, len(self._sessions) - RESUMABLE_AFTER + 1)]:
            del self._sessions[key]
        self._sessions[session.id] = session

    def _connect(self, session: Session, connection: Connection) -> None:
        was_online = self.is_online
        session.connection = connection
        self._connections[connection] = session
        if not was_online:
            self.on_status()

    def _disconnect(self, connection: Connection, session: Session | None) -> None:
        if session is None or session.connection is not connection:
            return
        session.connection = None
        if connection.closed_with in (1000, 1001):
            # The client closed in order: the session ends too (Discord, "Initiating a disconnect").
            self._sessions.pop(session.id, None)
        if not self.is_online:
            self.on_status()


def _is_whole(shard: list[object]) -> bool:
    match shard:
        case [int(number), int(count)]:
            return 0 <= number < count
        case _:
            return False
