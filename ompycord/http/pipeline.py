"""What every raw route with a body does first: read, authenticate, turn refusals into problems.

Counterpart: `dispatcher.py`, which passes the request on, and the edge, whose handler answers the authenticated
request.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple

from starlette.types import Receive

from ompycord.domain.ports import Clock
from ompycord.domain.records import Scope
from ompycord.errors import BadEvent, StorageError
from ompycord.http.auth_check import AuthCheck
from ompycord.http.deadlines import Deadlines
from ompycord.http.keys import Key
from ompycord.http.limits import HttpLimits
from ompycord.http.problems import Headers, Problem, problem
from ompycord.http.signature import is_webhook_id
from ompycord.http.token_bucket import Rates

__all__ = ["AuthenticatedRequest", "ClientDisconnected", "RawAnswer", "RawRequest", "RequestPipeline"]

_CLOSE = (b"connection", b"close")

STORAGE_RETRY_S = 1.0
DRAINING_RETRY_S = 5.0

RawAnswer = tuple[int, Headers, bytes]
"""Status, headers, body."""


class ClientDisconnected(Exception):
    """Raised when the sender disconnected before its request was complete, or before its answer was."""


class RawRequest(NamedTuple):
    """The part of a request that the dispatcher has read."""

    method: str
    headers: Mapping[bytes, bytes]
    peer: str | None
    receive: Receive


class AuthenticatedRequest(NamedTuple):
    """A request whose body is complete and whose key has the scope of the route."""

    key: Key
    body: bytes
    webhook_id: str | None
    """The sender's own id of the request, well formed."""


class RequestPipeline:
    """One for all raw routes with a body. `is_draining` set: nothing new is accepted."""

    def __init__(self, *, auth_check: AuthCheck, clock: Clock, limits: HttpLimits) -> None:
        self._auth_check = auth_check
        self._rates = Rates(clock=clock, per_s=limits.rate_per_s, burst=limits.burst)
        self._bodies = Deadlines(seconds=limits.body_s)
        self.body_s = limits.body_s
        """Seconds until a body must be here, whoever reads it."""
        self.is_draining = False

    async def serve(
        self,
        request: RawRequest,
        take: Callable[[AuthenticatedRequest], Awaitable[RawAnswer]],
        *,
        most: int,
        scope: Scope,
    ) -> RawAnswer:
        """Let `take` answer a POST of at most `most` bytes whose key has `scope`; a refusal is an answer too.

        Raises ClientDisconnected.
        """
        key: Key | None = None
        try:
            authenticated = await self._authenticated(request, most, scope)
            key = authenticated.key
            return await take(authenticated)
        except Problem as error:
            return self._refused(key, error, scope)
        except BadEvent as error:
            return self._refused(key, Problem(error.slug, str(error)), scope)
        except StorageError:
            return problem(Problem("storage", retry_after_s=STORAGE_RETRY_S))

    async def serve_signed(
        self,
        request: RawRequest,
        take: Callable[[bytes], Awaitable[RawAnswer]],
        *,
        most: int,
        is_formed: bool,
        is_valid: Callable[[bytes], bool],
        sender: str,
    ) -> RawAnswer:
        """Let `take` answer a POST whose signature is of another system's own kind; no key is asked for.

        `is_formed`: whether it has the form of one; `is_valid` judges it with the body; `sender` is counted. Raises
        ClientDisconnected.
        """
        try:
            self._require_post(request)
            wait_s = self._auth_check.check_signed(request.headers, peer=request.peer, is_formed=is_formed)
            body = await self._read(request.headers, request.receive, most)
            is_right = is_formed and is_valid(body)
            self._auth_check.judge_signed(request.headers, peer=request.peer, is_valid=is_right, wait_s=wait_s)
            self._require_rate(sender, 1)
            return await take(body)
        except Problem as error:
            return problem(error)
        except StorageError:
            return problem(Problem("storage", retry_after_s=STORAGE_RETRY_S))

    def _refused(self, key: Key | None, error: Problem, scope: Scope) -> RawAnswer:
        """The answer; where a known key may not do that, it is noted."""
        if key is not None:
            self._auth_check.note(key, error.slug, scope)
        return problem(error)

    def require_rate(self, key: Key, count: int) -> None:
        """Count `count` events of the key. Raises Problem `rate-limited` (429)."""
        self._require_rate(key.id, count)

    def _require_rate(self, sender: str, count: int) -> None:
        wait_s = self._rates.wait_s(sender, count)
        if wait_s:
            raise Problem("rate-limited", retry_after_s=wait_s)

    def _require_post(self, request: RawRequest) -> None:
        if request.method != "POST":
            raise Problem("method-not-allowed", headers=((b"allow", b"POST"), _CLOSE))
        if self.is_draining:
            raise Problem("draining", retry_after_s=DRAINING_RETRY_S, headers=(_CLOSE,))
        if request.headers.get(b"content-encoding", b"identity").strip().lower() not in {b"identity", b""}:
            raise Problem("encoding", headers=(_CLOSE,))

    async def _authenticated(self, request: RawRequest, most: int, scope: Scope) -> AuthenticatedRequest:
        self._require_post(request)
        headers, peer = request.headers, request.peer
        wait_s = self._auth_check.check_address(headers, peer=peer)
        body = await self._read(headers, request.receive, most)
        key = self._auth_check.authenticate_request(headers, body, peer=peer, wait_s=wait_s)
        self._auth_check.require(key, scope)
        webhook_id = headers.get(b"webhook-id", b"").decode("latin-1") or None
        if webhook_id is not None and not is_webhook_id(webhook_id):  # a bearer's own; a signed one was checked
            raise Problem("schema-invalid", "webhook-id has 1 to 128 letters, digits, _ and -.")
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
