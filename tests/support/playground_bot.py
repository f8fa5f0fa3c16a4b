"""A bot without a library: one gateway connection and raw REST calls, for tests of the playground's own rules."""

import asyncio
import json
import zlib
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import aiohttp

from ompycord.playground.client import JsonObject
from tests.support.patience import within
from tests.support.playground import Playground, RestAnswer

WAIT_S = 10.0
GUILDS, MESSAGES, REACTIONS, CONTENT = 1, 1 << 9, 1 << 10, 1 << 15
ResultT = TypeVar("ResultT")


class RawBot:
    """A gateway connection that collects events, and the bot's REST calls."""

    def __init__(self, playground: Playground, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.playground = playground
        self.socket = socket
        self.events: list[JsonObject] = []
        self.seq = 0
        self.kinds: set[aiohttp.WSMsgType] = set()
        """The kinds of messages that came: text, binary."""
        self.ready: JsonObject = {}
        self._inflate = zlib.decompressobj()
        self._taken = 0

    # -- gateway -------------------------------------------------------------------------------------------------------

    async def frame(self) -> JsonObject:
        """The next frame; a closed connection raises ConnectionError with its code and words."""
        async with within(WAIT_S):
            message = await self.socket.receive()
        if message.type not in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
            raise ConnectionError(self.socket.close_code, message.extra)
        self.kinds.add(message.type)
        text = message.data if message.type is aiohttp.WSMsgType.TEXT else self._inflated(message.data)
        frame: JsonObject = json.loads(text)
        if frame["op"] == 0:
            self.seq = frame["s"]
            self.events.append(frame)
        return frame

    def _inflated(self, packed: bytes) -> bytes:
        """A frame of a zlib stream, or one that was packed by itself."""
        text = self._inflate.decompress(packed)
        if self._inflate.eof:
            self._inflate = zlib.decompressobj()
        return text

    async def send(self, op: int, data: Any) -> None:
        await self.socket.send_json({"op": op, "d": data})

    async def identify(self, intents: int, **more: Any) -> None:
        """Say who we are and wait for READY."""
        assert (await self.frame())["op"] == 10
        await self.send(2, {"token": self.playground.bot_token, "intents": intents, "properties": {}, **more})
        self.ready = await self.event("READY")

    async def event(self, name: str) -> JsonObject:
        """The data of the next event of this name, from those that were not taken yet."""
        while True:
            for layout, frame in enumerate(self.events[self._taken :], start=self._taken):
                if frame["t"] == name:
                    self._taken = layout + 1
                    return frame["d"]
            await self.frame()

    # -- REST ----------------------------------------------------------------------------------------------------------

    async def sync(self, commands: list[JsonObject]) -> list[JsonObject]:
        """Make these the guild's commands."""
        info = self.playground.info
        path = f"/applications/{info.application_id}/guilds/{info.guild_id}/commands"
        answer = await self.playground.rest("PUT", path, commands)
        assert answer.status == 200, answer.body
        return answer.body

    async def answer(self, interaction: JsonObject, kind: int, data: JsonObject | None = None) -> RestAnswer:
        path = f"/interactions/{interaction['id']}/{interaction['token']}/callback"
        return await self.playground.rest("POST", path, {"type": kind, **({"data": data} if data is not None else {})})

    async def follow_up(self, interaction: JsonObject, body: JsonObject) -> RestAnswer:
        return await self.playground.rest("POST", self._hook(interaction), body)

    async def edit_original(self, interaction: JsonObject, body: JsonObject) -> RestAnswer:
        return await self.playground.rest("PATCH", self._hook(interaction) + "/messages/@original", body)

    @staticmethod
    async def while_replying(reply: Coroutine[Any, Any, None], wanted: Coroutine[Any, Any, ResultT]) -> ResultT:
        """Run what a person does and what the bot replies side by side."""
        async with asyncio.TaskGroup() as group:
            group.create_task(reply)
            return await wanted

    @staticmethod
    def _hook(interaction: JsonObject) -> str:
        return f"/webhooks/{interaction['application_id']}/{interaction['token']}"


@asynccontextmanager
async def raw_bot(playground: Playground, *, intents: int = GUILDS | MESSAGES | REACTIONS) -> AsyncGenerator[RawBot]:
    """A bot that identified itself, disconnected on leaving."""
    async with connection(playground) as bot:
        await bot.identify(intents)
        yield bot


@asynccontextmanager
async def connection(playground: Playground, query: str = "?v=10&encoding=json") -> AsyncGenerator[RawBot]:
    """A gateway connection that said nothing yet."""
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(playground.info.gateway + query, max_msg_size=0) as socket,
    ):
        yield RawBot(playground, socket)
