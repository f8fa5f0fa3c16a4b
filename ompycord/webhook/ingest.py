"""The hot path: `POST /api/webhook/event` and `/events` as raw ASGI; counterpart of `Store.append`.

Raw, because a FastAPI route costs three quarters of the throughput (PLATFORM: SQLite through aiosqlite, the recipe).
"""

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from starlette.types import Receive, Scope, Send

from ompycord.domain.authority import require_authority
from ompycord.domain.ids import external_source
from ompycord.domain.ports import Clock, Ids
from ompycord.domain.records import Post, Receipt
from ompycord.domain.records import Scope as KeyScope
from ompycord.errors import BadEvent, IdConflict, StorageError
from ompycord.webhook.authentication import header_map, require_scope
from ompycord.webhook.door import Door
from ompycord.webhook.envelope import Item, read_batch, read_body, read_event, time_ms
from ompycord.webhook.keys import Key
from ompycord.webhook.limits import Limits, Rates
from ompycord.webhook.problems import Headers, Problem, problem
from ompycord.webhook.signature import is_webhook_id
from ompycord.webhook.sink import EventSink

__all__ = ["Ingest"]

_JSON = (b"content-type", b"application/json")
_COMPACT = json.JSONEncoder(separators=(",", ":"))
_REPLAYED = (b"ompycord-replayed", b"true")
_CLOSE = (b"connection", b"close")

STORAGE_RETRY_S = 1.0
DRAINING_RETRY_S = 5.0
BACKLOG_RETRY_S = 2.0
BACKLOG_AGE_S = 1.0
"""How long a count of waiting events is believed, in the good case and, a tenth of it, in the bad one."""


_Answer = tuple[int, Headers, bytes]


class _Gone(Exception):
    """The sender hung up before its request was here."""


class _Asked(NamedTuple):
    """An authenticated request."""

    key: Key
    body: bytes
    webhook_id: str | None


class _To(NamedTuple):
    """What all events of a request share."""

    run: str
    source: str | None


class Backlog:
    """How many events wait for the projector, asked at most once a second and counted between."""

    def __init__(self, *, store: EventSink, clock: Clock, limit: int) -> None:
        self._store = store
        self._clock = clock
        self._limit = limit
        self._count = 0
        self._asked_at: float | None = None

    async def require_room(self) -> None:
        """Raises Problem `backlog` (429)."""
        now = self._clock.monotonic_s()
        is_full = self._count >= self._limit
        if self._asked_at is None or now - self._asked_at >= (BACKLOG_AGE_S / 10 if is_full else BACKLOG_AGE_S):
            self._asked_at = now
            self._count = await self._store.backlog()
            is_full = self._count >= self._limit
        if is_full:
            raise Problem("backlog", retry_after_s=BACKLOG_RETRY_S)

    def add(self, count: int) -> None:
        """So many were stored since."""
        self._count += count


class Ingest:
    """Takes events in. `is_draining` set: nothing new is taken."""

    def __init__(
        self, *, store: EventSink, door: Door, clock: Clock, ids: Ids, limits: Limits, wake: Callable[[], None]
    ) -> None:
        self._store = store
        self._door = door
        self._clock = clock
        self._ids = ids
        self._limits = limits
        self._wake = wake
        self._rates = Rates(clock=clock, per_s=limits.rate_per_s, burst=limits.burst)
        self._backlog = Backlog(store=store, clock=clock, limit=limits.backlog)
        self.is_draining = False

    async def event(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`POST /api/webhook/event`: one event."""
        await self._serve(scope, receive, send, self._event, self._limits.event_bytes)

    async def batch(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`POST /api/webhook/events`: up to 500 events of one run, all or nothing."""
        await self._serve(scope, receive, send, self._batch, self._limits.batch_bytes)

    async def _serve(
        self, scope: Scope, receive: Receive, send: Send, take: Callable[[_Asked], Awaitable[_Answer]], most: int
    ) -> None:
        try:
            asked = await self._asked(scope, receive, most)
            status, headers, body = await take(asked)
        except _Gone:
            return
        except Problem as error:
            status, headers, body = problem(error)
        except BadEvent as error:
            status, headers, body = problem(Problem(error.slug, str(error)))
        except StorageError:
            status, headers, body = problem(Problem("storage", retry_after_s=STORAGE_RETRY_S))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _asked(self, scope: Scope, receive: Receive, most: int) -> _Asked:
        if scope["method"] != "POST":
            raise Problem("method-not-allowed", headers=((b"allow", b"POST"), _CLOSE))
        if self.is_draining:
            raise Problem("draining", retry_after_s=DRAINING_RETRY_S, headers=(_CLOSE,))
        headers = header_map(scope["headers"])
        if headers.get(b"content-encoding", b"identity").strip().lower() not in {b"identity", b""}:
            raise Problem("encoding", headers=(_CLOSE,))
        client: tuple[str, int] | None = scope.get("client")
        peer = client[0] if client else None
        self._door.greet(headers, peer=peer)
        body = await self._read(headers, receive, most)
        key = self._door.admit(headers, body, peer=peer)
        require_scope(key, KeyScope.EVENTS_WRITE)
        webhook_id = headers.get(b"webhook-id", b"").decode("latin-1") or None
        if webhook_id is not None and not is_webhook_id(webhook_id):  # a bearer's own; a signed one has been checked
            raise Problem("schema-invalid", "webhook-id has 1 to 128 letters, digits, _ and -.")
        await self._backlog.require_room()
        return _Asked(key, body, webhook_id)

    async def _read(self, headers: dict[bytes, bytes], receive: Receive, most: int) -> bytes:
        length = headers.get(b"content-length", b"")
        if length.isdigit() and int(length[:20]) > most:
            raise Problem("too-large", headers=(_CLOSE,))
        chunks: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(self._limits.body_s):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise _Gone
                    chunk: bytes = message.get("body", b"")
                    size += len(chunk)
                    if size > most:
                        raise Problem("too-large", headers=(_CLOSE,))
                    chunks.append(chunk)
                    if not message.get("more_body", False):
                        return b"".join(chunks)
        except TimeoutError:
            raise Problem("too-slow", headers=(_CLOSE,)) from None

    async def _event(self, asked: _Asked) -> _Answer:
        self._require_rate(asked.key, 1)
        envelope = read_event(asked.body)
        digest = hashlib.sha256(asked.body).digest()
        post = self._post(asked, _To(envelope.run, envelope.source), envelope, digest, asked.webhook_id)
        [result] = await self._store.append([post])
        if isinstance(result, BadEvent):
            raise result
        return self._answer([result])

    async def _batch(self, asked: _Asked) -> _Answer:
        batch, items = read_batch(asked.body, most=self._limits.batch_events)
        self._require_rate(asked.key, len(items))
        digest = hashlib.sha256(asked.body).digest()
        to = _To(batch.run, batch.source)
        posts: list[Post] = []
        for index, item in enumerate(items):
            webhook_id = asked.webhook_id if index == len(items) - 1 else None  # it stands for the whole batch
            try:
                posts.append(self._post(asked, to, item, digest, webhook_id))
            except Problem as error:
                raise error.at(index) from None
            except BadEvent as error:
                raise Problem(error.slug, str(error)).at(index) from None
        results = await self._store.append(posts, together=True)
        receipts = [result for result in results if isinstance(result, Receipt)]
        refusal = results[-1]
        if isinstance(refusal, IdConflict):
            raise refusal
        if isinstance(refusal, BadEvent):
            raise Problem(refusal.slug, str(refusal)).at(len(results) - 1)
        return self._answer(receipts)

    def _require_rate(self, key: Key, count: int) -> None:
        wait_s = self._rates.wait_s(key.id, count)
        if wait_s:
            raise Problem("rate-limited", retry_after_s=wait_s)

    def _post(self, asked: _Asked, to: _To, item: Item, digest: bytes, webhook_id: str | None) -> Post:
        key = asked.key
        now = self._clock.now_ms()
        require_authority(item.type, key.kind)
        new_id = self._ids.ulid()
        return Post(
            key_id=key.id,
            kind=key.kind,
            name=to.run,
            may_create=KeyScope.RUNS_CREATE in key.scopes,
            source=external_source(key.id, to.source),
            at=now if item.at is None else time_ms(item.at, now_ms=now),
            body=read_body(item),
            seq=item.seq,
            event_id=new_id,
            new_run=new_id,  # another table: the run that an event begins may share its id
            webhook_id=webhook_id,
            body_hash=digest,
            channel=key.channel,
        )

    def _answer(self, receipts: list[Receipt]) -> _Answer:
        last = receipts[-1]
        duplicates = sum(receipt.duplicate for receipt in receipts)
        accepted = len(receipts) - duplicates
        if accepted:
            self._backlog.add(accepted)
            self._wake()
        content = {
            "accepted": accepted,
            "duplicates": duplicates,
            "run": last.run,
            "position": last.position,
            "cancel_requested": last.cancel_requested,
        }
        body = _COMPACT.encode(content).encode()
        headers: Headers = (_JSON, (b"content-length", str(len(body)).encode()))
        return (200, (*headers, _REPLAYED), body) if last.replayed else (202, headers, body)
