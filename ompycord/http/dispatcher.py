"""The outermost ASGI application, which picks the handler by host and path; counterpart of `server.py`.

Three kinds of routes, asked in this order: raw ones, whose answer is whole before a byte is sent (the hot path);
mounts, which own a prefix and may stream; and the root application for everything else, which may stream too.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple, TypeVar

from starlette.types import ASGIApp, Receive, Scope, Send

from ompycord.http.auth_check import AuthCheck
from ompycord.http.authentication import header_map
from ompycord.http.pipeline import ClientDisconnected, RawAnswer, RawRequest, RequestPipeline
from ompycord.http.problems import Problem, problem
from ompycord.http.sending import BodyInTime, RedactedSend, redacted_answer, send_answer

__all__ = ["FindHandler", "Mount", "RawHandler", "RawRoutes", "RequestCounts", "Sidecar"]

log = logging.getLogger(__name__)

DRAIN_S = 1.0
DRAIN_BYTES = 64 * 1024
OWN_HOSTS = frozenset({"127.0.0.1", "localhost", "[::1]"})
HEALTH = frozenset({"/livez", "/readyz"})
"""Asked by programs that know an address and no name: a kubelet, a load balancer. They answer nothing to be kept."""
ONCE = frozenset(
    b"webhook-signature webhook-id webhook-timestamp authorization transfer-encoding x-hub-signature-256 "
    b"x-github-delivery x-github-event x-github-event-type".split()
)
"""Headers that must be there once: of two, a proxy and we could take another one for the right one."""

_STREAMS = "/events"
"""The end of the paths of streams: a HEAD would begin one."""
_REFUSED = 400

T = TypeVar("T")

RawHandler = Callable[[RawRequest], Awaitable[RawAnswer]]
"""Answers a request whole. Raises ClientDisconnected."""
FindHandler = Callable[[str, bytes, Mapping[bytes, bytes]], RawHandler | None]
"""The handler for a path, a query string and headers; None for a path that is not the edge's."""


class RawRoutes(NamedTuple):
    """The raw routes of one edge."""

    exact: Mapping[str, RawHandler]
    """By the whole path."""
    find: FindHandler
    """Asked for every other path."""


class Mount(NamedTuple):
    """Another application under a path prefix, such as `/mcp`. It sees `root_path`, as Starlette's mounts do."""

    prefix: str
    app: ASGIApp
    is_for_browsers: bool = False
    """Whether requests with an `Origin` header reach it, which it must then check itself."""


class RequestCounts(NamedTuple):
    """Requests to the sidecar since the start."""

    without_key: int
    """Without a valid key."""


class Sidecar:
    """Hands each request to the edge that owns its path."""

    def __init__(
        self,
        *,
        auth_check: AuthCheck,
        pipeline: RequestPipeline,
        raw: Sequence[RawRoutes],
        mounts: Sequence[Mount],
        root: ASGIApp,
        hosts: frozenset[str],
        on_drain: Sequence[Callable[[], None]] = (),
        redact: Callable[[str], str] = lambda text: text,
    ) -> None:
        """`hosts` are names beyond those of this machine; `redact` takes loaded secrets out of an answer's text.

        Raises ValueError where two edges claim one path.
        """
        self._auth_check = auth_check
        self._pipeline = pipeline
        self._on_drain = tuple(on_drain)
        self._exact = _once((path, handler) for routes in raw for path, handler in routes.exact.items())
        self._finders = tuple(routes.find for routes in raw)
        prefixes = _once((mount.prefix, mount) for mount in mounts)
        self._mounts = tuple(sorted(prefixes.values(), key=lambda mount: -len(mount.prefix)))
        self._root = root
        self._hosts = OWN_HOSTS | {host.lower() for host in hosts}
        self._redact = redact

    def drain(self) -> None:
        """Accept no more bodies (503 `draining`) and let every edge end its streams.

        What was accepted is committed already.
        """
        self._pipeline.is_draining = True
        for drain in self._on_drain:
            drain()

    @property
    def counts(self) -> RequestCounts:
        """The numbers of requests since the start."""
        return RequestCounts(without_key=self._auth_check.failures)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        if scope["type"] == "lifespan":
            await self._root(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        headers = header_map(scope["headers"])
        exact = self._exact.get(scope["path"])
        handler = exact or self._found(scope["path"], scope["query_string"], headers)
        if handler is None:
            await self._hand_over(headers, scope, receive, send)
            return
        refusal = self._refusal(scope, headers, None)
        if refusal is not None:
            await _drain(receive)
            await _refuse(send, refusal)
            return
        request = RawRequest(scope["method"], headers, _peer(scope), receive)
        await self._answer(handler, request, send, is_receipt=exact is not None)

    async def _answer(self, handler: RawHandler, request: RawRequest, send: Send, *, is_receipt: bool) -> None:
        """Answer on the hot path: nothing is sent before the answer is whole. A receipt holds ids and numbers alone."""
        try:
            answer = await handler(request)
        except ClientDisconnected:
            return
        except Exception:  # a top edge, as below
            log.exception("unhandled error while taking an event")
            await _refuse(send, Problem("internal"))
            return
        if not is_receipt or answer[0] >= _REFUSED:
            answer = redacted_answer(answer, self._redact)
        await send_answer(send, answer)

    async def _hand_over(self, headers: Mapping[bytes, bytes], scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request to an application that answers by itself, perhaps as a stream."""
        mount = self._mount(scope["path"])
        refusal = self._refusal(scope, headers, mount)
        if refusal is not None:
            await _drain(receive)
            await _refuse(send, refusal)
            return
        answer = RedactedSend(send, self._redact)
        body = BodyInTime(receive, self._pipeline.body_s)
        try:
            if mount is not None:
                await mount.app(_inside(scope, mount.prefix), body, answer)
            else:
                await self._root(_as_get(scope), body, answer)
        except Exception:
            # A top edge: a defect of ours is an answer and a traceback, never a broken connection.
            if not body.is_late:
                log.exception("unhandled error while answering %s", scope["method"])
            if not answer.has_begun:
                await _refuse(send, Problem("too-slow" if body.is_late else "internal"))

    def _found(self, path: str, query: bytes, headers: Mapping[bytes, bytes]) -> RawHandler | None:
        for find in self._finders:
            handler = find(path, query, headers)
            if handler is not None:
                return handler
        return None

    def _mount(self, path: str) -> Mount | None:
        return next((m for m in self._mounts if path == m.prefix or path.startswith(f"{m.prefix}/")), None)

    def _refusal(self, scope: Scope, headers: Mapping[bytes, bytes], mount: Mount | None) -> Problem | None:
        """A foreign page that resolves its own name to us sends its name as Host and itself as Origin."""
        if b"transfer-encoding" in headers and (b"content-length" in headers or scope["http_version"] == "1.0"):
            return Problem("length")
        if len(headers) != len(scope["headers"]):  # some header is there twice
            names = [name for name, _ in scope["headers"]]
            twice = next((name for name in names if name in ONCE and names.count(name) > 1), None)
            if twice is not None:
                return Problem("repeated-header", f"{twice.decode()} may be there once.")
        # Two Host headers are joined with a comma, which is in no name.
        if _name_of(headers.get(b"host", b"")) not in self._hosts and scope["path"] not in HEALTH:
            return Problem("misdirected")
        if b"origin" in headers and not (mount and mount.is_for_browsers):
            return Problem("browser")
        return None


def _once(pairs: Iterable[tuple[str, T]]) -> dict[str, T]:
    result: dict[str, T] = {}
    for path, value in pairs:
        if path in result:
            raise ValueError(f"Two edges claim {path}.")
        result[path] = value
    return result


def _peer(scope: Scope) -> str | None:
    client: tuple[str, int] | None = scope.get("client")
    return client[0] if client else None


@lru_cache(maxsize=64)
def _name_of(header: bytes) -> str:
    """The host that a `Host` header names, without its port."""
    host = header.decode("latin-1").lower()
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdigit() and not (name.startswith("[") ^ name.endswith("]")) else host


def _as_get(scope: Scope) -> Scope:
    """HEAD as the GET that it stands for; the server sends no body then."""
    if scope["method"] != "HEAD" or scope["path"].endswith(_STREAMS):
        return scope
    return {**scope, "method": "GET"}


def _inside(scope: Scope, prefix: str) -> Scope:
    root = scope.get("root_path", "") + prefix
    return {**scope, "root_path": root, "app_root_path": scope.get("app_root_path", scope.get("root_path", ""))}


async def _drain(receive: Receive) -> None:
    """Read the little that comes: a connection closed over an unread body is reset, and the answer is lost with it."""
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
    await send_answer(send, (status, (*headers, (b"connection", b"close")), body))
