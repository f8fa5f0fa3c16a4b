"""Requests to a forge's REST interface: authenticated, bounded, repeated only where that is safe.

Imported on use: without a forge in the settings httpx is not needed. Errors never name a header or the token.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Final, Literal, NamedTuple, Protocol
from urllib.parse import quote, urljoin, urlsplit

from pydantic import ValidationError

from ompycord import __version__
from ompycord.domain.configuration.forge_options import ForgeSpec
from ompycord.domain.ports import Clock, ForgeRests
from ompycord.errors import ForgeFailed, ForgeNotNow, ForgeUnanswered
from ompycord.forge.breakers import ForgeBreakers
from ompycord.forge.github_answers import Complaint
from ompycord.forge.github_faults import fault_of, is_limited
from ompycord.http.trust.authorities import MACHINE, Trust
from ompycord.telemetry.without_module import without_module

with without_module("rich"):  # httpx has a command line of its own that would load it
    import httpx

__all__ = ["PAGE", "PAUSE_S", "TRIES", "FaultOf", "ForgeClient", "Method", "RestAnswer", "RestDialect"]

TIMEOUT_S: Final = 30.0
TRIES: Final = 3
PAUSE_S: Final = 2.0
"""Seconds before the second try; twice that before the third."""
LONGEST_WAIT_S: Final = 120.0
"""Seconds that a publication waits for a limit of requests; a longer one is an error that says until when."""
_SOONEST_S: Final = 1.0
"""Seconds after a limit that names none or a time that is past: what is waited in all has an end by that."""
SECONDARY_S: Final = 60.0
"""Seconds for a secondary limit that names none (GitHub: *at least one minute*)."""
PAGE: Final = 100
MOST_PAGES: Final = 30
LARGEST: Final = 8 * 1024 * 1024
_LONGEST_LOG: Final = 64 * 1024 * 1024
_REDIRECTS: Final = frozenset({301, 302, 307, 308})
_MOST_REDIRECTS: Final = 3
_SKEW_S: Final = 60
"""Seconds of difference from which an app's word is refused for its time."""

Method = Literal["GET", "POST", "PATCH", "PUT"]


class _TooLarge(Exception):
    """An answer is longer than any of ours: people wrote too much there."""


class RestAnswer(NamedTuple):
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class FaultOf(Protocol):
    """What a refusal means, as an error with words."""

    def __call__(
        self,
        status: int,
        headers: Mapping[str, str],
        complaint: Complaint,
        spec: ForgeSpec,
        *,
        head: str = "",
        base: str = "",
    ) -> ForgeFailed: ...


class RestDialect(NamedTuple):
    """How a kind of forge is asked, and what it answers where it refuses."""

    headers: Mapping[str, str]
    fault_of: FaultOf


_GITHUB: Final = RestDialect({"accept": "application/vnd.github+json", "x-github-api-version": "2022-11-28"}, fault_of)


class ForgeClient:
    """One repository's requests. `token` is read for each."""

    def __init__(
        self,
        spec: ForgeSpec,
        *,
        token: Callable[[], str],
        clock: Clock,
        login: str | None = None,
        breakers: ForgeRests | None = None,
        dialect: RestDialect = _GITHUB,
        trust: Trust = MACHINE,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """`login`: as whom an app acts; `breakers` know whether it may be asked; `trust`: whose certificates
        are believed; `transport` replaces the network.

        A proxy of the environment is used unless the address is this machine.
        """
        self._spec = spec
        self._fault_of = dialect.fault_of
        self._token = token
        self.own_account = "/user" if login is None else f"/users/{quote(login, safe='')}"
        """The path of the account as which it acts: an app's token cannot ask for its own."""
        self._clock = clock
        self._breakers = breakers or ForgeBreakers(clock)
        self._waited_s = 0.0
        is_here = spec.api_address.startswith("http:")
        self._client = httpx.AsyncClient(
            follow_redirects=False,
            timeout=TIMEOUT_S,
            trust_env=not is_here,
            verify=trust.verify,
            transport=transport,
            headers={"user-agent": f"Ompycord/{__version__}", **dialect.headers},
        )

    async def close(self) -> None:
        """Close its connections."""
        await self._client.aclose()

    async def read(self, path: str, query: Mapping[str, str] | None = None, *, etag: str = "") -> RestAnswer:
        """What is there; asked again where the forge does not answer. Raises ForgeFailed.

        With the `etag` of an earlier answer the status is 304 where that still holds, which counts against no limit.
        """
        return await self._repeated("GET", path, query=query, etag=etag)

    async def pages(self, path: str, query: Mapping[str, str] | None = None) -> AsyncIterator[RestAnswer]:
        """Each page of a list, in its order, up to MOST_PAGES."""
        for page in range(1, MOST_PAGES + 1):
            answer = await self.read(path, {**(query or {}), "per_page": str(PAGE), "page": str(page)})
            yield answer
            if 'rel="next"' not in answer.headers.get("link", ""):
                return

    async def set(self, method: Method, path: str, body: Mapping[str, Any]) -> RestAnswer:
        """Sends what changes nothing when it is sent again, and again where the forge does not answer."""
        return await self._repeated(method, path, body=body)

    async def _repeated(
        self,
        method: Method,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        etag: str = "",
    ) -> RestAnswer:
        for attempt in range(1, TRIES + 1):
            try:
                return await self._once(method, path, query=query, body=body, etag=etag)
            except ForgeUnanswered:
                if attempt == TRIES:
                    raise
                await self._clock.sleep(PAUSE_S * attempt)
        raise AssertionError("unreachable")

    async def write(
        self, path: str, body: Mapping[str, Any], *, head: str = "", base: str = "", method: Method = "POST"
    ) -> RestAnswer:
        """Sends `body` once: what would be there twice. Raises ForgeFailed where it took no effect.

        Raises ForgeUnanswered where it may have taken effect: look, then repeat.
        """
        return await self._once(method, path, body=body, head=head, base=base)

    async def graphql(self, address: str, body: Mapping[str, Any]) -> RestAnswer:
        """Asks by GraphQL at its own address, which alone knows some things. Raises ForgeFailed."""
        answer = await self._followed("POST", address, query=None, body=body, etag="")
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise _unanswered(self._fault_of(answer.status, answer.headers, _complaint(answer), self._spec))
        if answer.status != HTTPStatus.OK:
            raise self._fault_of(answer.status, answer.headers, _complaint(answer), self._spec)
        return answer

    async def download(self, path: str, most: int) -> bytes | None:
        """The end of a file that lies elsewhere, at most `most` bytes of it; None where it is gone (410, 404).

        The token stays with the forge: the address that it answers with has a permission of its own.
        """
        url = f"{self._spec.api_address}{path}"
        answer = await self._send("GET", url, query=None, body=None, etag="")
        for _ in range(_MOST_REDIRECTS):
            place = answer.headers.get("location")
            if answer.status not in _REDIRECTS or place is None:
                break
            url = urljoin(url, place)
            if urlsplit(url).scheme == "http" and not self._spec.api_address.startswith("http:"):
                return None
            is_here = urlsplit(url)[:2] == urlsplit(self._spec.api_address)[:2]
            answer = await self._fetched(url, most, is_here=is_here)
        if answer.status in {HTTPStatus.GONE, HTTPStatus.NOT_FOUND}:
            return None
        if answer.status >= HTTPStatus.MULTIPLE_CHOICES:
            raise self._fault_of(answer.status, answer.headers, _complaint(answer), self._spec)
        return answer.body[-most:]

    async def _fetched(self, url: str, most: int, *, is_here: bool) -> RestAnswer:
        """The end of what is at an address; another host than the forge's is asked without a credential."""
        headers = {"authorization": f"Bearer {self._token()}"} if is_here else None
        try:
            request = self._client.build_request("GET", url, headers=headers)
            answer = await self._client.send(request, stream=True)
            try:
                return RestAnswer(answer.status_code, answer.headers, await _end_of(answer, most))
            finally:
                await answer.aclose()
        except httpx.HTTPError as error:
            words = f"{self._spec.repository}: the log's address does not answer ({type(error).__name__})."
            raise ForgeUnanswered("unreachable", words) from None

    async def is_pushable(self) -> bool:
        """Whether the token may push: git's own first question, of which only the status is read."""
        url = f"{self._spec.git_address}/info/refs"
        try:
            auth = httpx.BasicAuth(self._spec.git_user, self._token())
            query = {"service": "git-receive-pack"}
            async with self._client.stream("GET", url, params=query, auth=auth) as answer:
                return answer.status_code == HTTPStatus.OK
        except httpx.HTTPError as error:
            words = f"{self._spec.repository}: git's address does not answer ({type(error).__name__}). Check forge.web."
            raise ForgeUnanswered("unreachable", words) from None

    async def _once(
        self,
        method: Method,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        head: str = "",
        base: str = "",
        etag: str = "",
    ) -> RestAnswer:
        """One request, and again after a limit of requests, which refused it before it had any effect."""
        while True:
            answer = await self._followed(method, f"{self._spec.api_address}{path}", query=query, body=body, etag=etag)
            if answer.status < HTTPStatus.MULTIPLE_CHOICES or answer.status == HTTPStatus.NOT_MODIFIED:
                return answer
            complaint = _complaint(answer)
            if is_limited(answer.status, answer.headers, complaint):
                await self._wait(answer)
                continue
            fault = self._fault_of(answer.status, answer.headers, complaint, self._spec, head=head, base=base)
            if (
                self._spec.is_by_app
                and answer.status == HTTPStatus.UNAUTHORIZED
                and (off := _clock_off(answer, self._clock.now_ms() / 1000))
            ):
                words = (
                    f"{self._spec.repository}: this machine's clock is {off} s off, so it was refused. Set the clock."
                )
                raise ForgeFailed("clock", words)
            if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                raise _unanswered(fault)
            raise fault

    async def _followed(
        self, method: Method, url: str, *, query: Mapping[str, str] | None, body: Mapping[str, Any] | None, etag: str
    ) -> RestAnswer:
        """A repository that was renamed answers with its new address: method and body stay, the host must, too."""
        answer = await self._send(method, url, query=query, body=body, etag=etag)
        for _ in range(_MOST_REDIRECTS):
            place = answer.headers.get("location")
            url = urljoin(url, place or "")
            is_here = urlsplit(url)[:2] == urlsplit(self._spec.api_address)[:2]
            if answer.status not in _REDIRECTS or place is None or not is_here:
                break
            answer = await self._send(method, url, query=None, body=body, etag=etag)
        return answer

    async def _send(
        self, method: Method, url: str, *, query: Mapping[str, str] | None, body: Mapping[str, Any] | None, etag: str
    ) -> RestAnswer:
        self._breakers.require(self._spec)
        headers = {"authorization": f"Bearer {self._token()}", **({"if-none-match": etag} if etag else {})}
        try:
            request = self._client.build_request(method, url, params=query, json=body, headers=headers)
            answer = await self._client.send(request, stream=True)
            try:
                came = RestAnswer(answer.status_code, answer.headers, await _some_of(answer))
            finally:
                await answer.aclose()
        except _TooLarge:
            self._breakers.answered(self._spec)
            words = f"its forge answered with more than {LARGEST >> 20} MiB, which is not read. Look there."
            raise (ForgeFailed if method == "GET" else ForgeUnanswered)(
                "too_large", f"{self._spec.repository}: {words}"
            ) from None
        except httpx.HTTPError as error:
            self._breakers.failed(self._spec)
            words = f"{self._spec.repository}: its forge does not answer ({type(error).__name__}). Retry later."
            raise ForgeUnanswered("unreachable", words) from None
        is_fault = came.status >= HTTPStatus.INTERNAL_SERVER_ERROR
        (self._breakers.failed if is_fault else self._breakers.answered)(self._spec)
        return came

    async def _wait(self, answer: RestAnswer) -> None:
        wait_s = _limit_s(answer, self._clock.now_ms() / 1000)
        if self._waited_s + wait_s > LONGEST_WAIT_S:
            minutes = max(1, round(wait_s / 60))
            words = f"{self._spec.repository}: the forge takes no more requests of this token for {minutes} minutes."
            raise ForgeNotNow("limited", f"{words} Retry after that.")
        self._waited_s += wait_s
        await self._clock.sleep(wait_s)


async def _some_of(answer: httpx.Response) -> bytes:
    """Its body. Raises _TooLarge."""
    read = bytearray()
    async for part in answer.aiter_bytes():
        read += part
        if len(read) > LARGEST:
            raise _TooLarge
    return bytes(read)


async def _end_of(answer: httpx.Response, most: int) -> bytes:
    """The last `most` bytes of its body, of which 64 MiB are read."""
    kept, count = bytearray(), 0
    async for part in answer.aiter_bytes():
        kept += part
        count += len(part)
        del kept[: max(0, len(kept) - most)]
        if count > _LONGEST_LOG:
            break
    return bytes(kept)


def _clock_off(answer: RestAnswer, now_s: float) -> int:
    """By how many seconds our clock differs from the forge's; 0 where that is too little to matter."""
    try:
        there = parsedate_to_datetime(answer.headers.get("date", "")).timestamp()
    except (TypeError, ValueError):
        return 0
    off = round(now_s - there)
    return off if abs(off) > _SKEW_S else 0


def _unanswered(fault: ForgeFailed) -> ForgeUnanswered:
    """The same, as one that may have taken effect."""
    return ForgeUnanswered(fault.fault, str(fault))


def _complaint(answer: RestAnswer) -> Complaint:
    try:
        return Complaint.model_validate_json(answer.body)
    except (ValidationError, ValueError):
        return Complaint()


def _limit_s(answer: RestAnswer, now_s: float) -> float:
    """How long to wait, as the answer says; both forms of Retry-After (RFC 9110, 10.2.3)."""
    after = answer.headers.get("retry-after", "")
    if after.isdigit():
        return max(_SOONEST_S, float(after))
    if after:
        try:
            return max(_SOONEST_S, parsedate_to_datetime(after).timestamp() - now_s)
        except ValueError:
            return SECONDARY_S
    reset = answer.headers.get("x-ratelimit-reset", "")
    if answer.headers.get("x-ratelimit-remaining") == "0" and reset.isdigit():
        return max(0.0, int(reset) - now_s) + 1.0
    return SECONDARY_S
