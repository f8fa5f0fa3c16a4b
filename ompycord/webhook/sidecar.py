"""The outermost ASGI application: which host, which door; counterpart of `server.py`, which serves it."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ompycord.conductor import Bus
from ompycord.domain.ports import Clock, Ids
from ompycord.webhook.auth_check import AuthCheck
from ompycord.webhook.authentication import header_map
from ompycord.webhook.hooks import Hooks
from ompycord.webhook.ingest import Ingest
from ompycord.webhook.keys import KeySet
from ompycord.webhook.limits import Limits
from ompycord.webhook.pipeline import Answer, ClientDisconnected, Request, RequestPipeline
from ompycord.webhook.problems import Problem, problem
from ompycord.webhook.report_routes import Reports
from ompycord.webhook.routes import Probe, create_routes
from ompycord.webhook.streams import Streams
from ompycord.webhook.target import EventTarget

__all__ = ["Mount", "Sidecar", "create_sidecar"]

log = logging.getLogger(__name__)

DRAIN_S = 1.0
DRAIN_BYTES = 64 * 1024
OWN_HOSTS = frozenset({"127.0.0.1", "localhost", "[::1]"})


class Mount(NamedTuple):
    """Another application under a path prefix, such as `/mcp`. It sees `root_path`, as Starlette's mounts do."""

    prefix: str
    app: ASGIApp
    is_for_browsers: bool = False
    """Then requests with an `Origin` header reach it, and it must check them itself."""


class Sidecar:
    """Hands events to the raw hot path, prefixes to their mounts, and the rest to FastAPI."""

    def __init__(
        self,
        *,
        pipeline: RequestPipeline,
        ingest: Ingest,
        hooks: Hooks,
        routes: ASGIApp,
        auth_check: AuthCheck,
        streams: Streams | None,
        mounts: Sequence[Mount],
        hosts: frozenset[str],
    ) -> None:
        self._pipeline = pipeline
        self._hooks = hooks
        self._auth_check = auth_check
        self._streams = streams
        self._routes = routes
        self._mounts = tuple(sorted(mounts, key=lambda mount: -len(mount.prefix)))
        self._hosts = OWN_HOSTS | {host.lower() for host in hosts}
        self._auth_checks = {"/api/webhook/event": ingest.event, "/api/webhook/events": ingest.batch}

    def drain(self) -> None:
        """Take no more events (503 `draining`), be unready, end every stream; what was taken is committed already."""
        self._pipeline.is_draining = True
        if self._streams is not None:
            self._streams.drain()

    @property
    def failed_authentications(self) -> int:
        """How many requests had no valid key since the start."""
        return self._auth_check.failures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One ASGI connection."""
        if scope["type"] == "lifespan":
            await self._routes(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        headers = header_map(scope["headers"])
        take = self._auth_checks.get(scope["path"]) or self._hooks.auth_check(
            scope["path"], scope["query_string"], headers
        )
        if take is not None:
            await self._take(take, Request(scope["method"], headers, _peer(scope), receive), send)
            return
        mount = self._mount(scope["path"])
        refusal = self._refusal(headers, mount)
        has_begun = False

        async def watched_send(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            if refusal is not None:
                await _drain(receive)
                await _refuse(send, refusal)
            elif mount is not None:
                await mount.app(_inside(scope, mount.prefix), receive, watched_send)
            else:
                await self._routes(scope, receive, watched_send)
        except Exception:
            # A top edge: a defect of ours is an answer and a traceback, never a broken connection.
            log.exception("unhandled error while answering %s", scope["method"])
            if not has_begun:
                await _refuse(send, Problem("internal"))

    async def _take(self, take: Callable[[Request], Awaitable[Answer]], request: Request, send: Send) -> None:
        """The hot path: nothing is sent before the answer is whole."""
        refusal = self._refusal(request.headers, None)
        if refusal is not None:
            await _drain(request.receive)
            await _refuse(send, refusal)
            return
        try:
            status, headers, body = await take(request)
        except ClientDisconnected:
            return
        except Exception:  # a top edge, as below
            log.exception("unhandled error while taking an event")
            await _refuse(send, Problem("internal"))
            return
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def _mount(self, path: str) -> Mount | None:
        return next((m for m in self._mounts if path == m.prefix or path.startswith(f"{m.prefix}/")), None)

    def _refusal(self, headers: Mapping[bytes, bytes], mount: Mount | None) -> Problem | None:
        """A page of somebody else that resolves its own name to us sends its name as Host and itself as Origin."""
        # Two Host headers are joined with a comma, which is in no name.
        if _name_of(headers.get(b"host", b"")) not in self._hosts:
            return Problem("misdirected")
        if b"origin" in headers and not (mount and mount.is_for_browsers):
            return Problem("browser")
        return None


def _peer(scope: Scope) -> str | None:
    client: tuple[str, int] | None = scope.get("client")
    return client[0] if client else None


@lru_cache(maxsize=64)
def _name_of(header: bytes) -> str:
    """The host that a `Host` header names, without its port."""
    host = header.decode("latin-1").lower()
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdigit() and not (name.startswith("[") ^ name.endswith("]")) else host


def _inside(scope: Scope, prefix: str) -> Scope:
    root = scope.get("root_path", "") + prefix
    return {**scope, "root_path": root, "app_root_path": scope.get("app_root_path", scope.get("root_path", ""))}


async def _drain(receive: Receive) -> None:
    """Take the little that comes: a connection closed over an unread body is reset, and the answer is lost with it."""
    size = 0
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(DRAIN_S):
            while size < DRAIN_BYTES:
                message = await receive()
                size += len(message.get("body", b""))
                if not message.get("more_body"):
                    return


async def _refuse(send: Send, error: Problem) -> None:
    status, headers, body = problem(error)
    await send({"type": "http.response.start", "status": status, "headers": [*headers, (b"connection", b"close")]})
    await send({"type": "http.response.body", "body": body})


def create_sidecar(
    *,
    store: EventTarget,
    keyring: KeySet,
    clock: Clock,
    ids: Ids,
    limits: Limits,
    wake: Callable[[], None],
    probes: Mapping[str, Probe],
    streams: Streams | None = None,
    mounts: Sequence[Mount] = (),
    reports: Reports | None = None,
    bus: Bus | None = None,
) -> Sidecar:
    """The whole sidecar; without `streams` there are no server-sent events, without `reports` no /status and /metrics,
    without `bus` no hook waits for people.

    `wake` is called after every append that stored something: the projector's alarm.
    """
    auth_check = AuthCheck(keyring=keyring, clock=clock, limits=limits)
    pipeline = RequestPipeline(store=store, auth_check=auth_check, clock=clock, limits=limits, wake=wake)
    ingest = Ingest(store=store, pipeline=pipeline, clock=clock, ids=ids, limits=limits)
    hooks = Hooks(store=store, pipeline=pipeline, clock=clock, ids=ids, limits=limits, bus=bus)
    routes = create_routes(
        store=store,
        auth_check=auth_check,
        keyring=keyring,
        streams=streams,
        probes=probes,
        is_draining=lambda: pipeline.is_draining,
        reports=reports,
    )
    return Sidecar(
        pipeline=pipeline,
        ingest=ingest,
        hooks=hooks,
        routes=routes,
        auth_check=auth_check,
        streams=streams,
        mounts=mounts,
        hosts=limits.hosts,
    )
