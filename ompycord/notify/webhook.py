"""A webhook of the settings as a target: one try of one delivery, by HTTP.

Counterpart of `worker.py`, which decides about the next one. It is imported on use: without webhooks httpx is not
needed (bench footprint). Its errors name a status or a kind of error, never an address, a header or the answer.
"""

import asyncio
import ipaddress
import ssl
from collections.abc import Iterator
from typing import Literal
from urllib.parse import urlsplit

from ompycord import __version__
from ompycord.domain.deliveries import Destination, StoredDelivery
from ompycord.domain.ports import Clock
from ompycord.errors import proxy_in_words
from ompycord.http.trust.authorities import MACHINE, Trust
from ompycord.notify.attempt import Attempt
from ompycord.notify.body import PostedMessageOf
from ompycord.telemetry.without_module import without_module

with without_module("rich"):  # httpx has a command line of its own that would load it
    import httpx

__all__ = ["TIMEOUT_S", "WebhookTarget"]

TIMEOUT_S = 10.0
"""Seconds for a whole try: name, connection, TLS, request and the answer's status."""
GONE = 410


class WebhookTarget:
    """Posts to one address.

    A 2xx is delivered, a 410 is permanent, everything else failed; redirects are not followed.
    """

    def __init__(
        self,
        *,
        destination: Destination,
        url: str,
        message_of: PostedMessageOf,
        clock: Clock,
        method: Literal["GET", "POST"] = "POST",
        trust: Trust = MACHINE,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """`message_of` makes what is posted. `method`: GET where an address is only asked. `trust`: whose certificates
        are believed; `transport` replaces the network.

        A proxy of the environment is used unless the address is this machine. Raises ConfigurationError for one that
        is of another kind.
        """
        self._destination = destination
        self._url = url
        self._message_of = message_of
        self._clock = clock
        self._method = method
        with proxy_in_words():
            self._client = httpx.AsyncClient(
                follow_redirects=False,
                timeout=None,  # noqa: S113  # `deliver` bounds the whole try by the clock
                trust_env=not _is_local(urlsplit(url).hostname or ""),
                verify=trust.verify,
                transport=transport,
                headers={"user-agent": f"Ompycord/{__version__}"},
            )

    @property
    def destination(self) -> Destination:
        return self._destination

    async def close(self) -> None:
        """Close its connections."""
        await self._client.aclose()

    async def deliver(self, stored: StoredDelivery) -> Attempt:
        """See the port."""
        async with asyncio.TaskGroup() as group:
            posting = group.create_task(self._post(stored))
            bound = group.create_task(self._clock.sleep(TIMEOUT_S))
            await asyncio.wait((posting, bound), return_when=asyncio.FIRST_COMPLETED)
            bound.cancel()
            if not posting.done():
                posting.cancel()
                return Attempt(f"no answer within {TIMEOUT_S:.0f} s")
            return posting.result()

    async def _post(self, stored: StoredDelivery) -> Attempt:
        body, headers = self._message_of(stored, self._clock.now_ms())
        try:
            # The answer is left unread: its status is enough, and its length is the receiver's choice.
            async with self._client.stream(self._method, self._url, content=body, headers=headers) as answer:
                return _judge(answer)
        except httpx.HTTPError as error:
            return Attempt(_reason(error))


def _is_local(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _judge(answer: httpx.Response) -> Attempt:
    if answer.is_success:
        return Attempt()
    if answer.status_code == GONE:
        return Attempt("answered 410: it wants nothing any more", is_permanent=True)
    if answer.is_redirect:
        return Attempt(f"answered {answer.status_code}: redirects are not followed")
    return Attempt(f"answered {answer.status_code}")


def _reason(error: httpx.HTTPError) -> str:
    if any(isinstance(cause, ssl.SSLError) for cause in _causes(error)):
        return "its TLS certificate or protocol was not accepted"
    if isinstance(error, httpx.ConnectError):
        return "could not be reached"
    return f"the connection broke ({type(error).__name__})"


def _causes(error: BaseException) -> Iterator[BaseException]:
    found: BaseException | None = error
    while found is not None:
        yield found
        found = found.__cause__ or found.__context__
