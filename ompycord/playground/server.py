"""The playground's process: one port, the run file, an orderly end; `__main__.py` starts it."""

import asyncio
import contextlib
import json
import os
import secrets
import signal
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from aiohttp import web

from ompycord.playground.compose import Hosted, compose, open_state
from ompycord.playground.faults.bot_process import BotProcess
from ompycord.playground.forge.seed import prepare
from ompycord.playground.rules.limits import LIMITS, Limits
from ompycord.playground.world.core import Core
from ompycord.playground.world.threads import Threads

CLOSING_S: Final = 2.0
ARCHIVING_S: Final = 30.0
"""Seconds between two looks for threads that are quiet for too long."""


class PortTakenError(Exception):
    """Another program listens on the port."""


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


@asynccontextmanager
async def hosting(folder: Path, sock: socket.socket, limits: Limits = LIMITS) -> AsyncGenerator[Hosted]:
    """Answer on `sock` from the state in `folder` until the block is left."""
    state = open_state(folder, token=_token(folder), port=sock.getsockname()[1], limits=limits)
    try:
        if state.forge is not None:
            await prepare(state.forge)
        hosted = compose(state, on_bot=lambda bot: _write_run_file(state.core, bot))
        runner = web.AppRunner(hosted.application, access_log=None, shutdown_timeout=CLOSING_S)
        await runner.setup()
        await web.SockSite(runner, sock).start()
        try:
            yield hosted
        finally:
            hosted.buttons.close()
            state.gateway.close_all(1001)
            state.feed.close()
            await runner.cleanup()
    finally:
        state.close()


async def serve(folder: Path, sock: socket.socket, limits: Limits = LIMITS) -> None:
    """Serve the playground of `folder` until SIGTERM, SIGINT or `/control/shutdown`; print the port and token first."""
    try:
        async with hosting(folder, sock, limits) as hosted:
            core = hosted.state.core
            _write_run_file(core, hosted.bot)
            # The one line that a starter reads; nothing else goes to the standard output.
            print(json.dumps({"port": core.port, "token": core.token}), flush=True)  # noqa: T201
            async with asyncio.TaskGroup() as group:
                watchers = [group.create_task(hosted.bot.observe()), group.create_task(_archive(hosted.threads))]
                watchers.append(group.create_task(hosted.hooks.run()))
                await _until_stopped(hosted.stop)
                hosted.buttons.close()  # before the bot ends: buttons that are in force record how they ended
                await hosted.bot.end_started()
                for watcher in watchers:
                    watcher.cancel()
    finally:
        (folder / "run.json").unlink(missing_ok=True)


async def _archive(threads: Threads) -> None:
    while True:
        await asyncio.sleep(ARCHIVING_S)
        threads.archive_idle()


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
    status = core.folder.stat()  # a copied folder has another: nobody takes this playground for its own
    shown = {"pid": known["pid"], "argv": known["argv"]} if known else None
    run = {
        "pid": os.getpid(),
        "port": core.port,
        "token": core.token,
        "folder": {"device": status.st_dev, "inode": status.st_ino},
        "bot": shown,
    }
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
