"""The page's server-sent events, read on demand; counterpart of `/app/events`."""

import json

import aiohttp

from ompycord.playground.client.errors import UnreachableError
from ompycord.playground.client.views import JsonObject

__all__ = ["EventStream"]


class EventStream:
    """The events that one person's page receives after number `after`. A cancelled read loses nothing."""

    def __init__(self, session: aiohttp.ClientSession, *, user: str, after: int) -> None:
        self._session = session
        self._user = user
        self._after = after
        self._response: aiohttp.ClientResponse | None = None
        self._buffer = b""

    async def next(self) -> JsonObject:
        """The next event: `{"seq", "type", "data"}`. Raises UnreachableError when the stream ends."""
        while True:
            block, found, rest = self._buffer.partition(b"\n\n")
            if found:
                self._buffer = rest
                lines = dict(line.split(": ", 1) for line in block.decode().splitlines() if not line.startswith(":"))
                if lines.get("event") == "reset":
                    raise UnreachableError("the page fell behind: more events came than the playground keeps")
                if "data" in lines:
                    event: JsonObject = json.loads(lines["data"])
                    self._after = event["seq"]
                    return event
                continue
            chunk = await (await self._open()).content.readany()
            if not chunk:
                raise UnreachableError("the event stream ended")
            self._buffer += chunk

    async def _open(self) -> aiohttp.ClientResponse:
        if self._response is None:
            path = f"/app/events?user={self._user}&after={self._after}"
            timeout = aiohttp.ClientTimeout(total=None, sock_read=None)
            self._response = await self._session.get(path, timeout=timeout)
        return self._response

    def close(self) -> None:
        if self._response is not None:
            self._response.close()
            self._response = None
