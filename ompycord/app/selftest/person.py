"""A person at the playground's page, as the self-test needs one: commands, forms, clicks, and what they then see.

It uses only the playground's client and nothing else of the product, so that the product is judged from outside.
"""

import asyncio
from collections.abc import Callable, Mapping

from ompycord.playground.client import Client, JsonObject, Message

__all__ = ["NotSeen", "PlaygroundUser", "button"]

POLL_S = 0.1
"""Seconds between two reads of a channel: another process sets no event of ours."""
PATIENCE_S = 40.0


class NotSeen(Exception):  # named for the fact
    """Raised when what was waited for did not come; the message names it."""


class PlaygroundUser:
    """One of the playground's people; channels by name or id."""

    def __init__(self, client: Client, *, user: str, channels: Mapping[str, str]) -> None:
        self.id = user
        self._client = client
        self._channels = channels

    async def command(self, name: str, channel: str, **options: str) -> str:
        """Run `/omp <name>`; the interaction's id. Waits for no answer."""
        return await self._client.command(self.id, self._channels.get(channel, channel), f"omp {name}", options)

    async def command_with_form(self, name: str, channel: str, **values: str) -> str:
        """Run a command that opens a form, and submit it; the form's interaction."""
        state = await self._client.state(self.id)
        reply = await self.command(name, channel)
        events = self._client.events(self.id, after=state["seq"])
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not _is_form_of(await events.next(), reply):
                    pass
        except TimeoutError:
            raise NotSeen(f"/omp {name} opened no form") from None
        finally:
            events.close()
        return await self._client.submit(self.id, reply, values)

    async def click(self, message: Message, label: str) -> str:
        """Press the button whose label begins so; the interaction."""
        found = button(message, label)
        if found is None:
            raise NotSeen(f"there is no button {label} on this message")
        return await self._client.click(self.id, message, found)

    async def messages(self) -> list[Message]:
        """Everything this person sees in channels and threads, oldest first in each."""
        state = await self._client.state(self.id)
        return [
            message for channel in state["channels"] for message in await self._client.messages(self.id, channel["id"])
        ]

    async def sees(self, what: str, fits: Callable[[Message], bool]) -> Message:
        """The first message that matches, now or soon. Raises NotSeen."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                while True:
                    for message in await self.messages():
                        if fits(message):
                            return message
                    await asyncio.sleep(POLL_S)
        except TimeoutError:
            raise NotSeen(f"{what} did not come within {PATIENCE_S:.0f} s") from None

    async def answered(self, what: str, interaction: str) -> Message:
        """The reply to a command, click or form."""
        return await self.sees(what, lambda message: message.interaction == interaction)


def _is_form_of(event: JsonObject, interaction: str) -> bool:
    return event["type"] == "INTERACTION_MODAL" and event["data"]["interaction"] == interaction


def button(message: Message, label: str) -> JsonObject | None:
    """The button whose label begins so."""
    return next((item for item in message.components if str(item.get("label")).startswith(label)), None)
