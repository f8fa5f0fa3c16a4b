"""Drives a playground in tests: its process, its controls, and three people; its counterpart is `ompycord.playground`.

async with running_playground(tmp_path) as playground:
    ...a bot logs in with playground.bot_token at playground.api...
    ran = await playground.ada.command("omp new", prompt="Fix it")
    card = await playground.ada.wait_message(lambda message: "Done" in message.text)
    await playground.ada.click(card, "Details")
"""

import asyncio
import json
import os
import signal
from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import discord
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from ompycord.playground.client import Address, Client, Info, command_line
from ompycord.playground.server import hosting, listen
from tests.support.patience import within
from tests.support.playground_person import Person
from tests.support.warm_start import WARM, start_module

START_S = 20.0
STOP_S = 10.0
CALL_S = 300.0
"""Longer than any test: a slow machine is no fault of the playground."""


@dataclass(frozen=True)
class RestAnswer:
    """What the REST API said to a raw request."""

    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def code(self) -> int:
        """Discord's error code."""
        return self.body["code"]


class Playground(Client):
    """One running playground: the client of it, its process, and three people.

    `ada` is the admin, `mo` the member, `olu` the outsider.
    """

    info: Info

    def __init__(self, folder: Path, process: asyncio.subprocess.Process | None, address: Address) -> None:
        super().__init__(address, timeout_s=CALL_S)
        self.folder = folder
        self._process = process
        self.people: dict[str, Person] = {}

    async def open(self) -> Self:
        """Read what there is and introduce the people."""
        self.info = await self.read_info()
        state = await self.state()
        self.people = {
            user["kind"]: Person(self, user["id"], user["global_name"], channels=self.info.channels, after=state["seq"])
            for user in state["users"]
        }
        return self

    @property
    def port(self) -> int:
        return self.address.port

    @property
    def token(self) -> str:
        return self.address.token

    @property
    def ada(self) -> Person:
        return self.people["admin"]

    @property
    def mo(self) -> Person:
        return self.people["member"]

    @property
    def olu(self) -> Person:
        return self.people["outsider"]

    @property
    def bot_token(self) -> str:
        return self.info.bot_token

    @property
    def guild_id(self) -> int:
        return int(self.info.guild_id)

    @property
    def api(self) -> str:
        """The REST address without a version; discord.py's `Route.BASE` is this plus `/v10`."""
        return self.info.api

    def channel(self, name: str) -> int:
        """The id of #general, #tasks or #ops."""
        return int(self.info.channels[name])

    async def rest(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> "RestAnswer":
        """A raw request of the bot to `/api/v10` + path, without a library's rate limiter."""
        authorization = f"Bot {self.bot_token if token is None else token}"
        sent = {"Authorization": authorization, **(headers or {})}
        async with self.session.request(method, f"/api/v10{path}", json=body, headers=sent) as response:
            text = await response.text()
            return RestAnswer(response.status, json.loads(text) if text else None, response.headers)

    @property
    def process(self) -> asyncio.subprocess.Process:
        assert self._process is not None, "this playground is hosted by the test itself"
        return self._process

    # -- the process ---------------------------------------------------------------------------------------------------

    async def stop(self) -> int:
        """End the process in order; returns its exit code."""
        await self.close()
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        async with within(STOP_S):
            return await self.process.wait()

    async def kill(self) -> None:
        """End the process at once, as `kill -9` does."""
        await self.close()
        if self.process.returncode is None:
            self.process.kill()
        async with within(STOP_S):
            await self.process.wait()

    async def close(self) -> None:
        """Close our own connections."""
        for person in self.people.values():
            await person.close()
        await super().close()


@asynccontextmanager
async def running_playground(folder: Path, *, port: int = 0) -> AsyncGenerator[Playground]:
    """A playground with its state in `folder`, ended on leaving; the same folder again is the same world."""
    playground = await start_playground(folder, port=port)
    try:
        yield playground
    finally:
        await playground.close()
        if playground.process.returncode is None:
            await playground.stop()


@asynccontextmanager
async def hosted_playground(folder: Path) -> AsyncGenerator[Playground]:
    """A playground in this very process: for tests that are not about its process, ten times faster to come by."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    sock = listen(0)
    async with hosting(folder, sock) as hosted:
        core = hosted.state.core
        playground = await Playground(folder, None, Address(port=core.port, token=core.token)).open()
        try:
            yield playground
        finally:
            await playground.close()


async def start_playground(folder: Path, *, port: int = 0) -> Playground:
    """Start the process and wait for the line that names its port."""
    _, _, *words = command_line(folder, port=port)
    env = {**os.environ, **WARM}
    process = await start_module(*words, cwd=Path.cwd(), env=env, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    async with within(START_S):
        line = await process.stdout.readline()
    if not line:
        raise RuntimeError(f"the playground ended with {await process.wait()}")
    return await Playground(folder, process, Address.from_line(line)).open()


@contextmanager
def discord_py_at(playground: Playground) -> Generator[None]:
    """Point discord.py at the playground, and back at Discord on leaving."""
    before = (Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY)
    Route.BASE = f"{playground.api}/v10"
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(playground.info.gateway)
    try:
        yield
    finally:
        Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = before


@asynccontextmanager
async def logged_in(client: discord.Client, token: str) -> AsyncGenerator[None]:
    """Run a discord.py client until it is ready, and close it on leaving. Make it with `guild_ready_timeout=0`."""
    await client.login(token)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(client.connect())
        try:
            await _wait_ready(client, running)
            yield
        finally:
            await client.close()


async def _wait_ready(client: discord.Client, running: asyncio.Task[None]) -> None:
    """Wait until the client is ready; its own failure to connect comes out as it is."""
    async with within(START_S), asyncio.TaskGroup() as group:
        ready = group.create_task(client.wait_until_ready())
        await asyncio.wait([running, ready], return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            ready.cancel()
            running.result()
