"""A person at the playground's page, as the self-test needs one: commands, forms, clicks, and what is seen afterwards.

Counterpart: `ompycord/playground/page_api.py`. Nothing of the product is imported: it is judged from outside.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx

__all__ = ["NotSeen", "Page", "Person", "is_reply_to", "offers", "text_of"]

Json = dict[str, Any]
LOOK_S = 0.1
"""Between two looks at a channel: another process, which sets no event of ours."""
PATIENCE_S = 40.0


class NotSeen(Exception):  # named for the fact
    """What was waited for did not come; says what."""


class Page:
    """The page's API with its token."""

    def __init__(self, client: httpx.AsyncClient, *, address: str, token: str) -> None:
        self._client = client
        self._address = address
        self._headers = {"Authorization": f"Bearer {token}"}

    async def call(self, method: str, path: str, body: Json | None = None) -> Any:
        """The JSON answer. Raises NotSeen for a refusal."""
        answer = await self._client.request(method, self._address + path, json=body, headers=self._headers)
        if answer.is_error:
            raise NotSeen(f"the playground refused {method} {path.partition('?')[0]} ({answer.status_code})")
        return answer.json()

    async def events(self, user: str, after: int) -> AsyncIterator[Json]:
        """What this person's page hears from now on."""
        path = f"{self._address}/app/events?user={user}&after={after}"
        async with self._client.stream("GET", path, headers=self._headers) as stream:
            async for line in stream.aiter_lines():
                if line.startswith("data: "):
                    yield json.loads(line.removeprefix("data: "))


class Person:
    """One of the playground's people; channels by name or id."""

    def __init__(self, page: Page, *, user: str, channels: Json) -> None:
        self.id = user
        self._page = page
        self._channels = channels

    async def command(self, name: str, channel: str, **options: str) -> str:
        """Run `/omp <name>`; the interaction's id. Waits for no answer."""
        state = await self._page.call("GET", f"/app/state?user={self.id}")
        command = next((item for item in state["commands"] if item["name"] == "omp"), None)
        if command is None:
            raise NotSeen("the bot registered no command /omp")
        inner = {"name": name, "options": [{"name": key, "value": value} for key, value in options.items()]}
        body = {"user": self.id, "channel": self._channel(channel), "command": command["id"], "options": [inner]}
        return (await self._page.call("POST", "/app/interactions/command", body))["interaction"]

    async def command_with_form(self, name: str, channel: str, **values: str) -> str:
        """Run a command that opens a form, and submit it; the form's interaction."""
        state = await self._page.call("GET", f"/app/state?user={self.id}")
        asked = await self.command(name, channel)
        try:
            async with asyncio.timeout(PATIENCE_S):
                async for event in self._page.events(self.id, state["seq"]):
                    if event["type"] == "INTERACTION_MODAL" and event["data"]["interaction"] == asked:
                        break
        except TimeoutError:
            raise NotSeen(f"/omp {name} opened no form") from None
        body = {"user": self.id, "interaction": asked, "values": values}
        return (await self._page.call("POST", "/app/interactions/modal", body))["interaction"]

    async def click(self, message: Json, label: str) -> str:
        """Press the button whose label begins so; the interaction."""
        button = next((item for item in _components(message) if str(item.get("label")).startswith(label)), None)
        if button is None:
            raise NotSeen(f"there is no button {label} on this message")
        body = {"user": self.id, "channel": message["channel_id"], "message": message["id"]}
        body |= {"custom_id": button["custom_id"], "values": []}
        return (await self._page.call("POST", "/app/interactions/component", body))["interaction"]

    async def messages(self) -> list[Json]:
        """Everything this person sees in channels and threads, oldest first in each."""
        state = await self._page.call("GET", f"/app/state?user={self.id}")
        found: list[Json] = []
        for channel in state["channels"]:
            path = f"/app/channels/{channel['id']}/messages?limit=50&user={self.id}"
            found += await self._page.call("GET", path)
        return found

    async def sees(self, what: str, fits: Callable[[Json], bool]) -> Json:
        """The first message that fits, now or soon. Raises NotSeen."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                while True:
                    for message in await self.messages():
                        if fits(message):
                            return message
                    await asyncio.sleep(LOOK_S)
        except TimeoutError:
            raise NotSeen(f"{what} did not come within {PATIENCE_S:.0f} s") from None

    async def answered(self, what: str, interaction: str) -> Json:
        """The reply to a command, click or form."""
        return await self.sees(what, lambda message: is_reply_to(message, interaction))

    def _channel(self, name: str) -> str:
        return str(self._channels.get(name, name))


def _components(message: Json) -> list[Json]:
    return [item for row in message["components"] for item in row.get("components", [row])]


def offers(message: Json, label: str) -> bool:
    """Whether a button's label begins so."""
    return any(str(item.get("label")).startswith(label) for item in _components(message))


def is_reply_to(message: Json, interaction: str) -> bool:
    """Whether it answers this command, click or form."""
    return message.get("interaction_metadata", {}).get("id") == interaction


def text_of(message: Json) -> str:
    """All that stands on a message but its buttons."""
    parts: list[str] = [message["content"]]
    for embed in message["embeds"]:
        parts += [embed.get("title", ""), embed.get("description", ""), embed.get("footer", {}).get("text", "")]
        parts += [f"{item['name']}\n{item['value']}" for item in embed.get("fields", [])]
    return "\n".join(part for part in parts if part)
