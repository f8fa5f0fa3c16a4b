"""Drives a playground in tests: its process, its controls, and three people; its counterpart is `ompycord.playground`.

async with running_playground(tmp_path) as playground:
    ...a bot logs in with playground.bot_token at playground.api...
    ran = await playground.ada.command("omp new", prompt="Fix it")
    card = await playground.ada.wait_message(lambda message: "Done" in message.text)
    await playground.ada.click(card, "Details")
"""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import aiohttp
import discord
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from ompycord.playground.server import hosting, listen
from tests.support.playground_page import JsonObject, PageClient
from tests.support.playground_person import Person

START_S = 20.0
STOP_S = 10.0


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


class Playground:
    """One running playground. `ada` is the admin, `mo` the member, `olu` the outsider."""

    def __init__(self, folder: Path, process: asyncio.subprocess.Process | None, port: int, token: str) -> None:
        self.folder = folder
        self._process = process
        self.port = port
        self.token = token
        self.info: JsonObject = {}
        self._session = aiohttp.ClientSession(
            base_url=f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {token}"}
        )
        self.page = PageClient(self._session)
        self.people: dict[str, Person] = {}

    async def open(self) -> Self:
        """Read what there is and introduce the people."""
        self.info = await self.get("/control/info")
        state = await self.get("/app/state")
        self.people = {
            user["kind"]: Person(self.page, user["id"], user["global_name"], self.info["channels"], state["seq"])
            for user in state["users"]
        }
        return self

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
        return self.info["bot_token"]

    @property
    def guild_id(self) -> int:
        return int(self.info["guild_id"])

    @property
    def api(self) -> str:
        """The REST address without a version; discord.py's `Route.BASE` is this plus `/v10`."""
        return self.info["api"]

    def channel(self, name: str) -> int:
        """The id of #general, #tasks or #ops."""
        return int(self.info["channels"][name])

    # -- controls ----------------------------------------------------------------------------------------------------

    async def get(self, path: str) -> Any:
        return await self.page.call("GET", path)

    async def post(self, path: str, body: JsonObject | None = None) -> Any:
        return await self.page.call("POST", path, body or {})

    async def wire(self, *, after: int = 0, method: str = "", route: str = "") -> list[JsonObject]:
        """The REST requests after a number, with bodies; filtered by method and Discord's path template."""
        entries: list[JsonObject] = await self.get(f"/control/wire?after={after}")
        return [item for item in entries if method in ("", item["method"]) and route in ("", item["route"])]

    async def pings(self) -> list[JsonObject]:
        """Everything that could have pinged somebody, in order: `users` were really pinged."""
        return await self.get("/control/pings")

    async def advance(self, seconds: float) -> None:
        """Let time pass in the playground: tokens expire, messages grow old. Nobody else's clock moves."""
        await self.post("/control/clock", {"advance": seconds})

    async def fault(self, method: str, route: str, action: str, **more: Any) -> JsonObject:
        """Plan a fault for the next matching requests; see `ompycord/playground/faults/plan.py`."""
        return await self.post("/control/faults", {"method": method, "route": route, "action": action, **more})

    async def disturb_gateway(self, action: str, **more: Any) -> None:
        """`close` with a `code`, `drop`, `reconnect`, or `invalid_session` with `resumable`."""
        await self.post("/control/gateway", {"action": action, **more})

    async def change_world(self, **change: Any) -> None:
        """One change that an admin of the guild could make; see `ompycord/playground/page/changes.py`."""
        await self.post("/control/world", change)

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
        url = f"http://127.0.0.1:{self.port}/api/v10{path}"
        sent = {"Authorization": authorization, **(headers or {})}
        async with self.page.session.request(method, url, json=body, headers=sent) as response:
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
        async with asyncio.timeout(STOP_S):
            return await self.process.wait()

    async def kill(self) -> None:
        """End the process at once, as `kill -9` does."""
        await self.close()
        if self.process.returncode is None:
            self.process.kill()
        async with asyncio.timeout(STOP_S):
            await self.process.wait()

    async def close(self) -> None:
        """Close our own connections."""
        for person in self.people.values():
            await person.close()
        await self._session.close()


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
        playground = await Playground(folder, None, hosted.state.core.port, hosted.state.core.token).open()
        try:
            yield playground
        finally:
            await playground.close()


async def start_playground(folder: Path, *, port: int = 0) -> Playground:
    """Start the process and wait for the line that names its port."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "ompycord.playground", "--state", str(folder), "--port", str(port)),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    async with asyncio.timeout(START_S):
        line = await process.stdout.readline()
    if not line:
        raise RuntimeError(f"the playground ended with {await process.wait()}")
    started = json.loads(line)
    return await Playground(folder, process, started["port"], started["token"]).open()


@contextmanager
def discord_py_at(playground: Playground) -> Generator[None]:
    """Point discord.py at the playground, and back at Discord on leaving."""
    before = (Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY)
    Route.BASE = f"{playground.api}/v10"
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(playground.info["gateway"])
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
    async with asyncio.timeout(START_S), asyncio.TaskGroup() as group:
        ready = group.create_task(client.wait_until_ready())
        await asyncio.wait([running, ready], return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            ready.cancel()
            running.result()
