"""The ASGI shim that the sidecar mounts at `/mcp/`: authenticates, and loads the SDK (24 MiB) once an agent will ask.

`serve()` is a task of the lifespan: the SDK's session manager must be entered and left by one task, once per instance.
"""

import asyncio
import contextlib
import importlib
from collections.abc import Callable, Mapping

from starlette.types import ASGIApp, Receive, Scope, Send

from ompycord.domain.ids import RunId
from ompycord.http.problems import CONTENT_TYPE
from ompycord.http.sending import send_answer
from ompycord.mcp_server.tool_service import ToolService

__all__ = ["McpMount"]

START_S = 60.0
"""Seconds for which a request waits for the SDK; loading it takes one, on a busy machine a few."""
UNAUTHORIZED = b'{"type":"/problems/unauthorized","title":"Unauthorized","status":401}'
ENDING = b'{"type":"/problems/draining","title":"The process is ending","status":503}'
STARTING = b'{"type":"/problems/starting","title":"The tools are still being loaded","status":503}'


class McpMount:
    """Loads nothing until a run will have an agent (`prepare`), or a caller with a run's key asks."""

    def __init__(
        self,
        *,
        tool_service: ToolService,
        authenticate: Callable[[Mapping[str, str]], RunId | None],
        version: str,
        loaded: Callable[[], None] = lambda: None,
        start_s: float = START_S,
    ) -> None:
        """`authenticate` maps lower-case headers to the run whose key they carry, None for anything else.

        `loaded` is called once the first request was answered: the SDK is in memory then, with all that loading it
        took. A request waits `start_s` seconds for the SDK.
        """
        self._tool_service = tool_service
        self._authenticate = authenticate
        self._version = version
        self._loaded = loaded
        self._start_s = start_s
        self._has_answered = False
        self._wanted = asyncio.Event()
        self._ready = asyncio.Event()
        self._app: ASGIApp | None = None
        self._is_ending = False

    @property
    def is_ready(self) -> bool:
        """Whether the SDK is loaded and calls are served."""
        return self._app is not None

    def prepare(self) -> None:
        """Start to load the SDK: an agent will ask soon, and clients give up a server that does not answer at once."""
        self._wanted.set()

    def drain(self) -> None:
        """Answer nothing new (503), and end the waits for people; running calls finish."""
        self._is_ending = True
        self._ready.set()  # those who wait for the SDK learn now that it will not come
        self._tool_service.drain()

    async def serve(self) -> None:
        """Load the SDK when it is needed and keep its sessions until cancelled."""
        await self._wanted.wait()
        # In a thread: it takes about a second, in which no other request would be answered.
        await asyncio.to_thread(importlib.import_module, "ompycord.mcp_server.server")
        from ompycord.mcp_server.server import build

        server, app = build(self._tool_service, self._authenticate, version=self._version)
        async with server.session_manager.run():
            self._app = app
            self._ready.set()
            try:
                await asyncio.Event().wait()
            finally:
                self._app = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope.get("headers", [])}
        if self._authenticate(headers) is None:
            await _answer(send, 401, UNAUTHORIZED)
            return
        if not self._is_ending:
            self._wanted.set()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._start_s):
                    await self._ready.wait()
        if self._app is None or self._is_ending:
            await _answer(send, 503, ENDING if self._is_ending else STARTING)
            return
        await self._app({**scope, "path": "/", "raw_path": b"/", "root_path": ""}, receive, send)
        if not self._has_answered:
            self._has_answered = True
            self._loaded()


async def _answer(send: Send, status: int, body: bytes) -> None:
    headers = (CONTENT_TYPE, (b"content-length", str(len(body)).encode()))
    if status == 503:  # noqa: PLR2004  # the only one for which another try makes sense
        headers = (*headers, (b"retry-after", b"5"))
    await send_answer(send, (status, headers, body))
