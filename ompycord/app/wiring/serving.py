"""Everything that the composition root makes, running with its sidecar for as long as a block does."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncGenerator, Collection
from typing import NamedTuple

from ompycord.app.compose import lifespan
from ompycord.app.data_folder import DataFolder
from ompycord.app.known_secrets import KnownSecrets
from ompycord.app.services import Ends, RunningServices, Service
from ompycord.app.signals import Stop
from ompycord.app.system import dump_no_memory
from ompycord.app.wiring.parts import Parts
from ompycord.http import bind, serve
from ompycord.settings import Settings

__all__ = ["Serving", "serving"]


class Serving(NamedTuple):
    """What runs, and where its sidecar listens."""

    parts: Parts
    services: RunningServices
    sidecar: str
    """The address of the sidecar for programs of this machine."""


@contextlib.asynccontextmanager
async def serving(
    settings: Settings,
    data: DataFolder,
    *,
    token: str,
    secret: str,
    known: KnownSecrets,
    stop: Stop,
    port: int,
    without: Collection[str] = (),
) -> AsyncGenerator[Serving]:
    """Run all services but those named in `without`, and the sidecar on `port` (0: any), while the block does.

    They end in their order after it, however it ends. Raises what made one of them end too early.
    """
    dump_no_memory()
    sock = bind(settings.webhook.host, port)
    sidecar = f"http://{_reached_at(settings.webhook.host)}:{sock.getsockname()[1]}"
    with contextlib.closing(sock):
        async with (
            lifespan(
                settings,
                data,
                bot_token=token,
                webhook_secret=secret,
                sidecar_address=lambda: sidecar,
                end=stop.ask,
                known=known,
            ) as parts,
            asyncio.TaskGroup() as group,
        ):
            services = RunningServices(group, failed=stop.ask)
            services.start(*(one for one in parts.services if one.name not in without), _server_of(parts, sock))
            try:
                yield Serving(parts, services, sidecar)
            finally:
                await services.end()
    if services.failure is not None:
        raise services.failure


def _reached_at(host: str) -> str:
    """The address at which programs of this machine reach a sidecar that listens on `host`.

    The address that stands for all interfaces cannot be connected to, so another one replaces it.
    """
    known = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)  # noqa: S104  # compared with, not listened on
    return f"[{known}]" if ":" in known and not known.startswith("[") else known


def _server_of(parts: Parts, sock: socket.socket) -> Service:
    """The sidecar on this socket; it answers what it has begun before it returns."""
    ends = asyncio.Event()

    async def stop() -> None:
        ends.set()

    return Service(
        name="server",
        run=lambda: serve(parts.sidecar, stop=ends, sock=sock, handle_signals=False),
        ends=Ends.SIDECAR,
        drain=parts.sidecar.drain,
        stop=stop,
    )
