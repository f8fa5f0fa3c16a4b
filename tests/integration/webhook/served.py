"""A sidecar on a real socket in this process, with its projector, and a reader of server-sent events.

Imported by its neighbours.
"""

import asyncio
import contextlib
import json
import tempfile
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from ompycord.conductor import Projector
from ompycord.domain.records import Commit, Scope
from ompycord.http import HttpLimits, KeySet, Sidecar, bind, mint_bearer, serve
from ompycord.store import SqliteStore
from ompycord.webhook import Streams
from tests.integration.store.world import NOW, CountingIds, HandClock
from tests.integration.webhook.senders import SECRET, Poster
from tests.support.ingestion import ingestion_of
from tests.support.patience import patient, within

PATIENCE_S = 10.0


class Message(NamedTuple):
    """One message of a stream."""

    id: int
    name: str
    data: dict[str, Any]


class Listener:
    """The other end of one stream."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self._lines = response.aiter_lines()
        self.comments = 0

    async def next(self) -> Message | None:
        """The next message, bounded; None at the end of the stream."""
        fields: dict[str, str] = {}
        async with within(PATIENCE_S):
            async for line in self._lines:
                if line.startswith(":"):
                    self.comments += 1
                elif line:
                    name, _, value = line.partition(": ")
                    fields[name] = value
                elif "data" in fields:
                    return Message(int(fields["id"]), fields.get("event", "message"), json.loads(fields["data"]))
        return None

    async def heartbeat(self) -> None:
        """Wait for a comment, bounded."""
        async with within(PATIENCE_S):
            async for line in self._lines:
                if line.startswith(":"):
                    return


class Served:
    """What a test needs of it."""

    def __init__(
        self, *, app: Sidecar, streams: Streams, projector: Projector, http: httpx.AsyncClient, poster: Poster,
        headers: dict[str, str], port: int,
    ) -> None:  # fmt: skip
        self.app = app
        self.streams = streams
        self.projector = projector
        self.http = http
        self.poster = poster
        self.headers = headers
        self.port = port

    @contextlib.asynccontextmanager
    async def listen(
        self, path: str = "/api/events", last: int | None = None, headers: dict[str, str] | None = None
    ) -> AsyncGenerator[Listener]:
        more = {} if last is None else {"last-event-id": str(last)}
        async with self.http.stream("GET", path, headers={**(headers or self.headers), **more}) as response:
            yield Listener(response)


@contextlib.asynccontextmanager
async def served(
    store: SqliteStore, clock: HandClock, ids: CountingIds, keyring: KeySet, limits: HttpLimits | None = None,
    *, header_s: float = 10, **stream_options: Any,
) -> AsyncGenerator[Served]:  # fmt: skip
    """Up, with a key of scope runs:read."""
    record, token = mint_bearer(ids=ids, now_ms=NOW, name="r", scopes=[Scope.RUNS_READ])
    await store.commit(Commit(writes=(record,)))
    keyring.replace(await store.keys(), hmac_secrets={}, shared_secret=SECRET)
    webhook = dict(limits or HttpLimits())
    with tempfile.TemporaryDirectory() as folder:  # a data folder in which nothing of this writes
        parts = ingestion_of(store, Path(folder), keys=keyring, clock=clock, ids=ids, webhook=webhook, **stream_options)
    listener = bind("127.0.0.1", 0)
    port = listener.getsockname()[1]
    stop, serving = asyncio.Event(), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(serve(parts.sidecar, stop=stop, sock=listener, serving=serving, header_s=header_s, grace_s=1))
        projecting = group.create_task(parts.projector.run())
        async with within(PATIENCE_S):
            await serving.wait()
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=patient(PATIENCE_S)
        ) as http:
            yield Served(
                app=parts.sidecar, streams=parts.streams, projector=parts.projector, http=http,
                poster=Poster(http, clock), headers={"authorization": f"Bearer {token}"}, port=port,
            )  # fmt: skip
        parts.sidecar.drain()
        stop.set()
        projecting.cancel()
