"""How a provider is asked: one session, nothing decompressed, no redirect, no cookie, no proxy of the environment.

Retries before the first byte are here too, by what agents endure: one of them hangs up after a minute of silence.
"""

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final, NamedTuple

import aiohttp

from ompycord.domain.base import Millis
from ompycord.domain.ports import Clock
from ompycord.http.trust.authorities import MACHINE, Trust
from ompycord.model_gateway.dialects import Dialect
from ompycord.model_gateway.upstreams import Upstream, Upstreams

__all__ = ["NoProvider", "Patience", "ProviderClient", "Retried", "open_session"]

CONNECT_S: Final = 5.0
READ_BYTES: Final = 16_384
"""Of an answer that its agent does not read about so much waits here, and the rest at its provider."""
PIECE_BYTES: Final = 262_144
"""A body that is larger goes out in pieces of this size, as the connection takes them; whole, it would be copied."""
SILENCE_S: Final = 600.0
"""Seconds without a byte of an answer; a model may think for minutes."""
RETRIED: Final = frozenset({429, 500, 502, 503, 504, 529})
_TRIES: Final = 5
_LONGEST_WAIT_S: Final = 120.0
_JITTER: Final = 0.2


class NoProvider(Exception):
    """No provider gave any answer."""


class Patience(NamedTuple):
    """How long agents of a dialect wait for the first byte."""

    hold_s: float


_PATIENCE: Final[Mapping[Dialect, Patience]] = {
    **dict.fromkeys(Dialect, Patience(480.0)),
    Dialect.GEMINI: Patience(50.0),  # its agent hangs up at 60 s
}


class Retried(NamedTuple):
    """A provider refused for now, and is asked again."""

    provider: str
    status: int | None
    attempt: int
    until: Millis


def open_session(trust: Trust = MACHINE) -> aiohttp.ClientSession:
    """The session for all providers; to be closed by its owner, within a running loop."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, ssl=trust.verify),
        auto_decompress=False,
        trust_env=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S, sock_read=SILENCE_S),
        skip_auto_headers=("User-Agent", "Accept-Encoding"),
        read_bufsize=READ_BYTES,
    )


class ProviderClient:
    """Asks the providers of a model in turn, and holds a request while they refuse for now."""

    def __init__(
        self,
        *,
        session: aiohttp.ClientSession,
        upstreams: Upstreams,
        clock: Clock,
        share: Callable[[], float] = random.random,
    ) -> None:
        """`share` gives numbers from 0 to 1, by which waits differ."""
        self._session = session
        self._upstreams = upstreams
        self._clock = clock
        self._share = share

    async def ask(
        self,
        candidates: Sequence[Upstream],
        *,
        dialect: Dialect,
        model: str,
        path: str,
        query: str,
        headers: Mapping[str, str],
        body: bytes,
        waits: Callable[[Retried], Awaitable[None]],
        hold_s: float | None = None,
    ) -> tuple[Upstream, aiohttp.ClientResponse]:
        """The first answer that is no refusal for now, or the last refusal there was; its body is not read yet.

        `waits` is awaited before each wait. `hold_s`: seconds for which it is asked again; left out: as long as agents
        of the dialect wait. The caller releases the response. Raises NoProvider.
        """
        ends_s = self._clock.monotonic_s() + (_PATIENCE[dialect].hold_s if hold_s is None else hold_s)
        last: tuple[Upstream, aiohttp.ClientResponse] | None = None
        for number, upstream in enumerate(candidates):
            is_last = number == len(candidates) - 1
            for attempt in range(1, _TRIES + 1):
                if last is not None:
                    last[1].release()
                last = await self._once(upstream, dialect, path, query, headers, body)
                status = None if last is None else last[1].status
                if last is not None and status not in RETRIED:
                    await self._upstreams.succeeded(upstream.spec.name, model)
                    return last
                await self._upstreams.failed(upstream.spec.name, model)
                wait_s = self._wait_s(last, attempt)
                left_s = ends_s - self._clock.monotonic_s()
                if attempt == _TRIES or wait_s > left_s or (last is None and not is_last):
                    break
                await waits(self._again(upstream, status, attempt, wait_s))
                await self._clock.sleep(wait_s)
        if last is None:
            raise NoProvider
        return last

    async def _once(
        self, upstream: Upstream, dialect: Dialect, path: str, query: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[Upstream, aiohttp.ClientResponse] | None:
        sent = {**headers, "accept-encoding": "identity", **upstream.authorization(dialect)}
        sent["content-length"] = str(len(body))
        content = body if len(body) <= PIECE_BYTES else _pieces(body)
        try:
            response = await self._session.post(
                upstream.url(path, query), data=content, headers=sent, allow_redirects=False
            )
        except (TimeoutError, aiohttp.ClientError, OSError):
            return None
        return upstream, response

    def _again(self, upstream: Upstream, status: int | None, attempt: int, wait_s: float) -> Retried:
        until = self._clock.now_ms() + round(wait_s * 1000)
        return Retried(upstream.spec.name, status, attempt, until)

    def _wait_s(self, last: tuple[Upstream, aiohttp.ClientResponse] | None, attempt: int) -> float:
        """What the provider asks for, else twice as long each time; a fifth more or less, so that runs spread."""
        requested = None if last is None else retry_after_s(last[1].headers.get("retry-after"), self._clock.now_ms())
        wait_s = min(30.0, 2.0 ** (attempt - 1)) if requested is None else requested
        if wait_s > _LONGEST_WAIT_S:
            return wait_s  # longer than anyone waits: it is not shortened by chance
        return wait_s * (1 + _JITTER * self._share())


async def _pieces(body: bytes) -> AsyncGenerator[bytes]:
    for at in range(0, len(body), PIECE_BYTES):
        yield body[at : at + PIECE_BYTES]
        await asyncio.sleep(0)  # a connection that takes all of it at once gives others no turn


def retry_after_s(value: str | None, now_ms: Millis) -> float | None:
    """Seconds that a Retry-After header asks for, as a number or as a date (RFC 9110, 10.2.3); None for none."""
    if value is None:
        return None
    text = value.strip()
    try:
        return max(0.0, float(text)) if text.replace(".", "", 1).isdigit() else _until_s(text, now_ms)
    except (ValueError, TypeError, OverflowError):
        return None


def _until_s(text: str, now_ms: Millis) -> float:
    when = parsedate_to_datetime(text)
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return max(0.0, (when - datetime.fromtimestamp(now_ms / 1000, tz=UTC)).total_seconds())
