"""The playground's process: state, services and routes wired together, one port, an orderly end; started by
`__main__.py`.
"""

import asyncio
import contextlib
import json
import os
import secrets
import signal
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aiohttp import web

from ompycord.playground import guards
from ompycord.playground.faults.bot_process import BotProcess
from ompycord.playground.faults.buttons import FaultButtons
from ompycord.playground.page.api import PageApi
from ompycord.playground.page.control import ControlApi
from ompycord.playground.page.drawer import DrawerApi
from ompycord.playground.rest import application, guilds, interactions, messages, reactions, threads
from ompycord.playground.rest.api import RestApi
from ompycord.playground.rules.limits import LIMITS, Limits
from ompycord.playground.world import attachments, seed
from ompycord.playground.world.core import Core, open_core
from ompycord.playground.world.services import build

MAX_BODY: Final = 110 * 1024 * 1024
"""Ten attachments of 10 MiB and their envelope."""
CLOSING_S: Final = 2.0


class PortTakenError(Exception):
    """Somebody else listens on the port."""


def listen(port: int) -> socket.socket:
    """A listening socket on 127.0.0.1; 0 takes any free port. Raises PortTakenError."""
    # With the protocol named, asyncio sets TCP_NODELAY on what it accepts.
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if os.name == "posix":
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind(("127.0.0.1", port))
        sock.listen(128)
    except OSError as error:
        sock.close()
        raise PortTakenError(port) from error
    return sock


@dataclass(frozen=True, kw_only=True)
class Hosted:
    """A playground that answers: its state, and what must end in order."""

    core: Core
    bot: BotProcess
    buttons: FaultButtons
    application: web.Application
    stop: asyncio.Event
    """Set by `/control/shutdown`."""


@asynccontextmanager
async def hosting(folder: Path, sock: socket.socket, limits: Limits = LIMITS) -> AsyncGenerator[Hosted]:
    """Answer on `sock` from the state in `folder` until the block is left."""
    core = open_core(folder, _token(folder), limits)
    core.bind(sock.getsockname()[1])
    try:
        seed.ensure(core.world)
        hosted = _compose(core)
        runner = web.AppRunner(hosted.application, access_log=None, shutdown_timeout=CLOSING_S)
        await runner.setup()
        await web.SockSite(runner, sock).start()
        try:
            yield hosted
        finally:
            hosted.buttons.close()
            core.gateway.close_all(1001)
            core.feed.close()
            await runner.cleanup()
    finally:
        core.storage.close()


async def serve(folder: Path, sock: socket.socket, limits: Limits = LIMITS) -> None:
    """Serve the playground of `folder` until SIGTERM, SIGINT or `/control/shutdown`; print the port and token first."""
    try:
        async with hosting(folder, sock, limits) as hosted:
            core = hosted.core
            _write_run_file(core, hosted.bot)
            # The one line that a starter reads; nothing else goes to the standard output.
            print(json.dumps({"port": core.port, "token": core.token}), flush=True)  # noqa: T201
            async with asyncio.TaskGroup() as group:
                watcher = group.create_task(hosted.bot.watch())
                await _until_stopped(hosted.stop)
                hosted.buttons.close()  # before the bot ends: it has a last word to write
                await hosted.bot.end_started()
                watcher.cancel()
    finally:
        (folder / "run.json").unlink(missing_ok=True)


def _compose(core: Core) -> Hosted:
    services, stop = build(core), asyncio.Event()

    def tell_bot() -> None:
        _write_run_file(core, bot)
        core.feed.publish("BOT_STATUS", page.bot_status())
        buttons.bot_changed()

    bot = BotProcess(core.storage, core.folder, tell_bot)
    buttons = FaultButtons(core=core, bot=bot)
    core.on_kill = buttons.killed
    page = PageApi(services, bot)
    core.gateway.on_status = lambda _online: core.feed.publish("BOT_STATUS", page.bot_status())
    served = web.Application(middlewares=[guards.middleware(core)], client_max_size=MAX_BODY)
    served.on_response_prepare.append(guards.add_headers)
    rest = RestApi(services)
    areas = (application, guilds, interactions, messages, reactions, threads)
    rest.add_to(served, [route for area in areas for route in area.ROUTES])
    page.add_to(served)
    DrawerApi(core, buttons).add_to(served)
    ControlApi(services, bot, stop).add_to(served)
    for path in ("/gateway", "/gateway/"):
        served.router.add_get(path, core.gateway.serve)

    async def file(request: web.Request) -> web.StreamResponse:
        return await attachments.serve(core, request)

    served.router.add_get(r"/cdn/attachments/{channel:\d+}/{attachment:\d+}/{filename}", file)
    return Hosted(core=core, bot=bot, buttons=buttons, application=served, stop=stop)


async def _until_stopped(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):  # Windows: Ctrl+C ends the process with its run file left
            loop.add_signal_handler(number, stop.set)
    await stop.wait()


def _token(folder: Path) -> str:
    """The address's secret, made once: 43 url-safe characters."""
    path = folder / "token"
    if path.exists():
        return path.read_text(encoding="ascii").strip()
    token = secrets.token_urlsafe(32)
    _write_secretly(path, token)
    return token


def _write_run_file(core: Core, bot: BotProcess) -> None:
    known = bot.known
    shown = {"pid": known["pid"], "argv": known["argv"]} if known else None
    run = {"pid": os.getpid(), "port": core.port, "token": core.token, "bot": shown}
    _write_secretly(core.folder / "run.json", json.dumps(run))


def _write_secretly(path: Path, text: str) -> None:
    """Replace a file at once, readable by its owner only."""
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
