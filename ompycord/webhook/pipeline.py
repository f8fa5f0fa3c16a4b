"""What every posting route does first: read, admit, and turn refusals into problems; shared by `ingest.py` and `hooks.py`."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import NamedTuple

from starlette.types import Receive

from ompycord.domain.ports import Clock
from ompycord.domain.records import Receipt
from ompycord.domain.records import Scope as KeyScope
from ompycord.errors import BadEvent, StorageError
from ompycord.webhook.auth_check import AuthCheck
from ompycord.webhook.authentication import require_scope
from ompycord.webhook.deadlines import Deadlines
from ompycord.webhook.keys import Key
from ompycord.webhook.limits import Limits, Rates
from ompycord.webhook.problems import Headers, Problem, problem
from ompycord.webhook.signature import is_webhook_id
from ompycord.webhook.target import EventTarget

__all__ = ["JSON", "Answer", "AuthenticatedRequest", "ClientDisconnected", "Request", "RequestPipeline", "accepted"]

JSON = (b"content-type", b"application/json")
_REPLAYED = (b"ompycord-replayed", b"true")
_CLOSE = (b"connection", b"close")

STORAGE_RETRY_S = 1.0
DRAINING_RETRY_S = 5.0
BACKLOG_RETRY_S = 2.0
BACKLOG_AGE_S = 1.0
"""How long a count of waiting events is believed, in the good case and, a tenth of it, in the bad one."""


_ACCEPTED = b'{"accepted":%d,"duplicates":%d,"run":"%b","position":%d,"cancel_requested":%b}'
"""A format, since a JSON encoder costs each answer twice as much; the run is a ULID and needs no escapes."""

Answer = tuple[int, Headers, bytes]
"""Status, headers, body."""


class ClientDisconnected(Exception):
    """The sender hung up before its request was here."""


class Request(NamedTuple):
    """What `sidecar.py` has seen of a request."""

    method: str
    headers: Mapping[bytes, bytes]
    peer: str | None
    receive: Receive


class AuthenticatedRequest(NamedTuple):
    """An authenticated request."""

    key: Key
    body: bytes
    webhook_id: str | None


class Backlog:
    """How many events wait for the projector, asked at most once a second and counted between."""

    def __init__(self, *, store: EventTarget, clock: Clock, limit: int) -> None:
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


class RequestPipeline:
    """One for all posting routes. `is_draining` set: nothing new is taken."""

    def __init__(
        self, *, store: EventTarget, auth_check: AuthCheck, clock: Clock, limits: Limits, wake: Callable[[], None]
    ) -> None:
        self._auth_check = auth_check
        self._wake = wake
        self._rates = Rates(clock=clock, per_s=limits.rate_per_s, burst=limits.burst)
        self._backlog = Backlog(store=store, clock=clock, limit=limits.backlog)
        self._bodies = Deadlines(seconds=limits.body_s)
        self.is_draining = False

    async def serve(
        self, request: Request, take: Callable[[AuthenticatedRequest], Awaitable[Answer]], most: int
    ) -> Answer:
        """Admit a request of at most `most` bytes and let `take` answer it; a refusal is an answer too. Raises Gone."""
        try:
            return await take(await self._authenticated(request, most))
        except Problem as error:
            return problem(error)
        except BadEvent as error:
            return problem(Problem(error.slug, str(error)))
        except StorageError:
            return problem(Problem("storage", retry_after_s=STORAGE_RETRY_S))

    async def _authenticated(self, request: Request, most: int) -> AuthenticatedRequest:
        if request.method != "POST":
            raise Problem("method-not-allowed", headers=((b"allow", b"POST"), _CLOSE))
        if self.is_draining:
            raise Problem("draining", retry_after_s=DRAINING_RETRY_S, headers=(_CLOSE,))
        headers, peer = request.headers, request.peer
        if headers.get(b"content-encoding", b"identity").strip().lower() not in {b"identity", b""}:
            raise Problem("encoding", headers=(_CLOSE,))
        self._auth_check.check_address(headers, peer=peer)
        body = await self._read(headers, request.receive, most)
        key = self._auth_check.authenticate_request(headers, body, peer=peer)
        require_scope(key, KeyScope.EVENTS_WRITE)
        webhook_id = headers.get(b"webhook-id", b"").decode("latin-1") or None
        if webhook_id is not None and not is_webhook_id(webhook_id):  # a bearer's own; a signed one has been checked
            raise Problem("schema-invalid", "webhook-id has 1 to 128 letters, digits, _ and -.")
        await self._backlog.require_room()
        return AuthenticatedRequest(key, body, webhook_id)

    async def _read(self, headers: Mapping[bytes, bytes], receive: Receive, most: int) -> bytes:
        length = headers.get(b"content-length", b"")
        if length.isdigit() and int(length[:20]) > most:
            raise Problem("too-large", headers=(_CLOSE,))
        chunks: list[bytes] = []
        size = 0
        try:
            with self._bodies.each():
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise ClientDisconnected
                    chunk: bytes = message.get("body", b"")
                    size += len(chunk)
                    if size > most:
                        raise Problem("too-large", headers=(_CLOSE,))
                    chunks.append(chunk)
                    if not message.get("more_body", False):
                        return b"".join(chunks)
        except TimeoutError:
            raise Problem("too-slow", headers=(_CLOSE,)) from None

    def require_rate(self, key: Key, count: int) -> None:
        """Raises Problem `rate-limited` (429)."""
        wait_s = self._rates.wait_s(key.id, count)
        if wait_s:
            raise Problem("rate-limited", retry_after_s=wait_s)

    def stored(self, count: int) -> None:
        """So many events more are on disk."""
        if count:
            self._backlog.add(count)
            self._wake()


def accepted(receipts: Sequence[Receipt]) -> Answer:
    """The answer to what was stored, or had been."""
    last = receipts[-1]
    duplicates = sum(receipt.duplicate for receipt in receipts)
    cancel = b"true" if last.cancel_requested else b"false"
    body = _ACCEPTED % (len(receipts) - duplicates, duplicates, last.run.encode(), last.position, cancel)
    headers: Headers = (JSON, (b"content-length", b"%d" % len(body)))
    return (200, (*headers, _REPLAYED), body) if last.replayed else (202, headers, body)
