"""The sidecar, its store, its keys and the control socket; command lines as processes; imported by their neighbours."""

import asyncio
import os
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ompycord.app.control import Control
from ompycord.app.data_folder import DataFolder
from ompycord.app.system import SystemIds
from ompycord.domain.catalog import Catalog
from ompycord.domain.events import RunEvent
from ompycord.domain.ids import RunId
from ompycord.domain.ports import RunFilter
from ompycord.http import HttpLimits, bind, serve
from ompycord.store import SqliteStore
from tests.support.app_harness import WEBHOOK_SECRET, ComposedApp, settings_of
from tests.support.new_store import new_store
from tests.support.patience import patient, within
from tests.support.warm_start import start_module

SECRET = WEBHOOK_SECRET
GUILD = "100000000000000009"


class WallClock:
    """The real time, which can be set forward; sleeping costs no time of the test but moves it."""

    def __init__(self) -> None:
        self.ahead_ms = 0
        self.slept: list[float] = []

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000 + self.ahead_ms

    def monotonic_s(self) -> float:
        return time.monotonic() + self.ahead_ms / 1000

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.ahead_ms += round(seconds * 1000)
        await asyncio.sleep(0)


@dataclass
class Gate:
    """In front of the sidecar: counts what it answered, and can keep an answer back for ever."""

    app: ASGIApp
    withhold_after: int | None = None
    withheld: asyncio.Event = field(default_factory=asyncio.Event)
    answered: int = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or self.withhold_after is None or self.answered < self.withhold_after:
            await self.app(scope, receive, send)
            self.answered += 1
            return

        async def nowhere(message: Message) -> None:
            return

        await self.app(scope, receive, nowhere)  # taken and stored, but the sender never learns it
        self.withheld.set()
        while (await receive())["type"] != "http.disconnect":
            pass


@dataclass
class AppHarness:
    """What a test needs of it."""

    folder: Path
    url: str
    store: SqliteStore
    clock: WallClock
    control: Control
    gate: Gate

    async def events(self) -> list[RunEvent]:
        """Of every run, in commit order."""
        runs = await self.store.runs(RunFilter(limit=100))
        events = [event for run in runs for event in await self.store.events_of(RunId(run.id))]
        return sorted(events, key=lambda event: event.position)

    async def post(self, key: str) -> int:
        """One event with a bearer key; the status."""
        body = {"schema": "ompycord/event@1", "type": "note", "run": "r", "data": {"text": "hello"}}
        async with httpx.AsyncClient(trust_env=False, timeout=patient(20)) as client:
            headers = {"authorization": f"Bearer {key}"}
            return (await client.post(f"{self.url}/api/webhook/event", json=body, headers=headers)).status_code


@asynccontextmanager
async def open_harness(folder: Path, *, port: int = 0, limits: HttpLimits | None = None) -> AsyncGenerator[AppHarness]:
    """Everything that `up` starts for keys and events, without Discord."""
    data = DataFolder(folder)
    clock, ids = WallClock(), SystemIds()
    settings = settings_of(Catalog(), discord={"guilds": (GUILD,)}, webhook=dict(limits or HttpLimits()))
    async with new_store(data.database, clock=clock, ids=ids, readers=2) as store:
        app = ComposedApp(store, data.path, settings=settings, clock=clock, ids=ids)
        await app.parts.key_manager.refresh()
        control = Control(data.path, operations=app.parts.operations)
        gate = Gate(app.parts.sidecar)
        sock = bind("127.0.0.1", port)
        url = f"http://127.0.0.1:{sock.getsockname()[1]}"
        serving, listening, stop = asyncio.Event(), asyncio.Event(), asyncio.Event()
        with data.lock():
            async with asyncio.TaskGroup() as group:
                group.create_task(serve(gate, stop=stop, sock=sock, serving=serving, grace_s=1))
                controlling = group.create_task(control.serve(listening))
                await serving.wait()
                await listening.wait()
                try:
                    yield AppHarness(data.path, url, store, clock, control, gate)
                finally:
                    stop.set()
                    controlling.cancel()


@dataclass(frozen=True)
class Done:
    """A command that ended."""

    code: int
    out: str
    err: str


async def start(*arguments: str, folder: Path, environ: dict[str, str] | None = None) -> asyncio.subprocess.Process:
    """`ompycord ...` in a folder of its own, with no setting of ours but what is given."""
    inherited = {name: text for name, text in os.environ.items() if not name.startswith(("OMP", "DISCORD_"))}
    folder.mkdir(exist_ok=True)
    return await start_module(
        "ompycord",
        *arguments,
        cwd=folder,
        env={**inherited, "PYTHONPATH": str(Path.cwd()), "TERMINAL_WIDTH": "200", "NO_COLOR": "1", **(environ or {})},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def ompycord(*arguments: str, folder: Path, environ: dict[str, str] | None = None, stdin: bytes = b"") -> Done:
    """The command from start to end."""
    process = await start(*arguments, folder=folder, environ=environ)
    async with within(60):
        out, err = await process.communicate(stdin)
    assert process.returncode is not None
    return Done(process.returncode, out.decode(), err.decode())
