"""The page of a playground as a program sees it: its calls, its events, its messages and forms;
`playground_person.py` acts on it.
"""

import json
from dataclasses import dataclass
from typing import Any

import aiohttp

JsonObject = dict[str, Any]


class PageRefusedError(Exception):
    """The page's API said no: the status, the sentence, and for forms the errors by field."""

    def __init__(self, status: int, body: JsonObject) -> None:
        super().__init__(f"{status}: {body.get('message')} {body.get('errors') or ''}")
        self.status = status
        self.body = body
        self.errors: JsonObject = body.get("errors", {})


class NotAnsweredError(Exception):
    """The bot did not answer an interaction in time."""


class NotSeenError(AssertionError):
    """What a test waited for did not come; the message lists what did."""


@dataclass(frozen=True)
class File:
    """A file that a person attaches."""

    name: str
    content: bytes


class Message:
    """A message as the page shows it."""

    def __init__(self, raw: JsonObject) -> None:
        self.raw = raw

    @property
    def id(self) -> str:
        return self.raw["id"]

    @property
    def channel_id(self) -> str:
        return self.raw["channel_id"]

    @property
    def content(self) -> str:
        return self.raw["content"]

    @property
    def embeds(self) -> list[JsonObject]:
        return self.raw["embeds"]

    @property
    def author_id(self) -> str:
        return self.raw["author"]["id"]

    @property
    def is_ephemeral(self) -> bool:
        return self.raw["ephemeral_for"] is not None

    @property
    def is_thinking(self) -> bool:
        """Whether this is a deferred answer that is still empty."""
        return bool(self.raw["flags"] & 128)

    @property
    def components(self) -> list[JsonObject]:
        """Every button and select, rows taken apart."""
        return [item for row in self.raw["components"] for item in row.get("components", [row])]

    @property
    def labels(self) -> list[str]:
        return [item["label"] for item in self.components if item.get("label")]

    @property
    def text(self) -> str:
        """Everything that is written on it: text, embeds, buttons."""
        parts = [self.content]
        for embed in self.embeds:
            parts += [embed.get("title", ""), embed.get("description", "")]
            parts += [embed.get("author", {}).get("name", ""), embed.get("footer", {}).get("text", "")]
            parts += [f"{item['name']}\n{item['value']}" for item in embed.get("fields", [])]
        return "\n".join(part for part in [*parts, *self.labels] if part)

    def component(self, name: str) -> JsonObject:
        """The button or select with this custom id, label or placeholder."""
        for item in self.components:
            if name in (item.get("custom_id"), item.get("label"), item.get("placeholder")):
                return item
        raise NotSeenError(f"no button or select {name!r} on this message; there are {self.labels}")


class Modal:
    """A form that the bot opened for a person."""

    def __init__(self, interaction: str, raw: JsonObject) -> None:
        self.interaction = interaction
        self.raw = raw

    @property
    def title(self) -> str:
        return self.raw["title"]

    @property
    def labels(self) -> dict[str, str]:
        """Label -> custom id of each input."""
        found: dict[str, str] = {}
        for item in self.raw["components"]:
            for child in item.get("components", [item["component"]] if "component" in item else []):
                found[child.get("label") or item.get("label")] = child["custom_id"]
        return found

    def value(self, label: str) -> str:
        """What stands in an input when the form opens."""
        for item in self.raw["components"]:
            for child in item.get("components", [item["component"]] if "component" in item else []):
                if label in {child.get("label"), item.get("label")}:
                    return child.get("value", "")
        raise KeyError(label)

    def custom_id(self, name: str) -> str:
        """The custom id of the input with this custom id or label; unknown names stay as they are."""
        return self.labels.get(name, name)


class PageClient:
    """Calls the page's API and the controls."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self.session = session

    async def call(self, method: str, path: str, body: JsonObject | None = None) -> Any:
        """The JSON answer. Raises PageRefusedError."""
        async with self.session.request(method, path, json=body) as response:
            return await self._read(response)

    async def upload(self, path: str, file: File) -> JsonObject:
        form = aiohttp.FormData()
        form.add_field("file", file.content, filename=file.name)
        async with self.session.post(path, data=form) as response:
            return await self._read(response)

    @staticmethod
    async def _read(response: aiohttp.ClientResponse) -> Any:
        answer = await response.json()
        if response.status >= 400:
            raise PageRefusedError(response.status, answer)
        return answer


class EventStream:
    """The page's server-sent events, read on demand; cutting a read off loses nothing."""

    def __init__(self, page: PageClient, user: str, after: int) -> None:
        self._page = page
        self._user = user
        self._after = after
        self._response: aiohttp.ClientResponse | None = None
        self._buffer = b""

    async def next(self) -> JsonObject:
        """The next event: `{"seq", "type", "data"}`."""
        while True:
            block, found, rest = self._buffer.partition(b"\n\n")
            if found:
                self._buffer = rest
                lines = dict(line.split(": ", 1) for line in block.decode().splitlines() if not line.startswith(":"))
                if lines.get("event") == "reset":
                    raise NotSeenError("the page fell behind: more events came than the playground keeps")
                if "data" in lines:
                    event: JsonObject = json.loads(lines["data"])
                    self._after = event["seq"]
                    return event
                continue
            chunk = await (await self._open()).content.readany()
            if not chunk:
                raise NotSeenError("the event stream ended")
            self._buffer += chunk

    async def _open(self) -> aiohttp.ClientResponse:
        if self._response is None:
            path = f"/app/events?user={self._user}&after={self._after}"
            timeout = aiohttp.ClientTimeout(total=None, sock_read=None)
            self._response = await self._page.session.get(path, timeout=timeout)
        return self._response

    def close(self) -> None:
        if self._response is not None:
            self._response.close()
            self._response = None
