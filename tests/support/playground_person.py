"""A person in a playground's page: writes, runs commands, clicks, fills in forms, and sees what the page sees.

Nothing runs in the background: a person reads the page's events while waiting for something.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ompycord.playground.client import Client, File, JsonObject, Message, Modal
from tests.support.patience import within

WAIT_S = 30.0


class NotAnsweredError(Exception):
    """The bot did not answer an interaction in time."""


class NotSeenError(AssertionError):
    """What a test waited for did not come; the message lists what did."""


@dataclass(frozen=True)
class Interaction:
    """A command, click or form that a person sent."""

    id: str
    person: "Person"

    @property
    def modal(self) -> Modal | None:
        """The form it opened."""
        return self.person.modals.get(self.id)

    @property
    def reply(self) -> Message | None:
        """The first message it brought."""
        for message in self.person.messages.values():
            if message.interaction == self.id:
                return message
        return None


class Person:
    """One human at the page. Channels are given by name (`general`) or id."""

    def __init__(self, client: Client, user_id: str, name: str, *, channels: Mapping[str, str], after: int) -> None:
        self.id = user_id
        self.name = name
        self.messages: dict[str, Message] = {}
        self.modals: dict[str, Modal] = {}
        self.events: list[JsonObject] = []
        self._client = client
        self._channels = channels
        self._stream = client.events(user_id, after=after)

    # -- acting --------------------------------------------------------------------------------------------------------

    async def say(
        self,
        text: str,
        channel: str | int = "general",
        *,
        files: Sequence[File] = (),
        reply_to: Message | None = None,
    ) -> Message:
        """Write a message, with files attached to it, or as a reply to another, whose author is pinged."""
        return await self._client.write(self.id, self._channel(channel), text, files=files, reply_to=reply_to)

    async def edit(self, message: Message, text: str) -> None:
        """Change a message of one's own."""
        await self._client.edit(self.id, message, text)

    async def delete(self, message: Message) -> None:
        """Delete a message of one's own, or another's where the person may."""
        await self._client.delete(self.id, message)

    async def react(self, message: Message, emoji: str, *, remove: bool = False) -> None:
        await self._client.react(self.id, message, emoji, remove=remove)

    async def command(
        self, name: str, channel: str | int = "general", *, target: str | None = None, **options: Any
    ) -> Interaction:
        """Run a command such as `omp new` and wait for the bot's first answer. Raises NotAnsweredError."""
        return await self.wait_answer(await self.start_command(name, channel, target=target, **options))

    async def start_command(
        self, name: str, channel: str | int = "general", *, target: str | None = None, **options: Any
    ) -> Interaction:
        """Run a command and return at once. Options may be files."""
        sent = await self._client.command(self.id, self._channel(channel), name, options, target=target)
        return Interaction(sent, self)

    async def complete(
        self, name: str, option: str, text: str, channel: str | int = "general", **options: Any
    ) -> list[JsonObject]:
        """The completions that the bot offers for what is typed into an option so far."""
        typed = {**options, option: text}
        return await self._client.complete(self.id, self._channel(channel), name, typed, focused=option)

    async def click(self, message: Message, button: str) -> Interaction:
        """Press the button with this label or custom id and wait for the bot's first answer."""
        return await self.wait_answer(await self.start_click(message, button))

    async def start_click(self, message: Message, button: str, values: Sequence[str] = ()) -> Interaction:
        """Press or choose and return at once."""
        return Interaction(await self._client.click(self.id, message, message.component(button), values), self)

    async def choose(self, message: Message, select: str, *values: str) -> Interaction:
        """Choose values (or the labels of a string select's options) and wait for the bot's first answer."""
        options = message.component(select).get("options", [])
        by_label = {item["label"]: item["value"] for item in options}
        picked = [by_label.get(value, value) for value in values]
        return await self.wait_answer(await self.start_click(message, select, picked))

    async def submit_modal(self, shown: Interaction | Modal, **values: Any) -> Interaction:
        """Send a form, fields named by custom id, and wait for the bot's first answer; see `submit_labels`."""
        return await self.submit_labels(shown, values)

    async def submit_labels(self, shown: Interaction | Modal, values: dict[str, Any]) -> Interaction:
        """Send a form, fields named by label or custom id, and wait for the bot's first answer."""
        modal = shown.modal if isinstance(shown, Interaction) else shown
        if modal is None:
            raise NotSeenError("this interaction opened no form")
        return await self.wait_answer(await self.send_form(modal, values))

    async def send_form(self, modal: Modal, values: dict[str, Any]) -> Interaction:
        """Send a form and return at once. Files may be among the values. Raises RefusedError with `errors`."""
        filled = {modal.custom_id(name): value for name, value in values.items()}
        return Interaction(await self._client.submit(self.id, modal.interaction, filled), self)

    async def upload(self, file: File) -> str:
        """Attach a file; returns its id for options and forms."""
        return await self._client.upload(self.id, file)

    # -- seeing --------------------------------------------------------------------------------------------------------

    async def history(self, channel: str | int = "general", *, limit: int = 50) -> list[Message]:
        """What stands in a channel or thread now, newest last."""
        return await self._client.messages(self.id, self._channel(channel), limit=limit)

    async def state(self) -> JsonObject:
        return await self._client.state(self.id)

    async def wait_message(self, predicate: Callable[[Message], bool], timeout: float = WAIT_S) -> Message:
        """The newest message that is as wanted, now or within `timeout` seconds; edits count. Raises NotSeenError."""
        try:
            async with within(timeout):
                while True:
                    for message in reversed(self.messages.values()):
                        if predicate(message):
                            return message
                    await self.see_next()
        except TimeoutError:
            seen = "\n---\n".join(message.text for message in list(self.messages.values())[-8:])
            raise NotSeenError(f"no such message within {timeout:g} s; the latest are:\n{seen}") from None

    async def wait_event(
        self, kind: str, predicate: Callable[[JsonObject], bool] = lambda _: True, timeout: float = WAIT_S
    ) -> JsonObject:
        """The data of the first event of this kind that fits, from those seen or to come. Raises NotSeenError."""
        checked = 0
        try:
            async with within(timeout):
                while True:
                    for event in self.events[checked:]:
                        if event["type"] == kind and predicate(event["data"]):
                            return event["data"]
                    checked = len(self.events)
                    await self.see_next()
        except TimeoutError:
            seen = [event["type"] for event in self.events[-20:]]
            raise NotSeenError(f"no such {kind} within {timeout:g} s; the latest events are {seen}") from None

    async def wait_answer(self, interaction: Interaction, timeout: float = WAIT_S) -> Interaction:
        """Wait until the bot answered an interaction. Raises NotAnsweredError when it failed."""

        def concerns(data: JsonObject) -> bool:
            return data.get("interaction") == interaction.id

        async with within(timeout):
            while True:
                for event in self.events:
                    if event["type"] == "INTERACTION_FAILED" and concerns(event["data"]):
                        raise NotAnsweredError(event["data"]["reason"])
                    if event["type"] == "INTERACTION_DONE" and concerns(event["data"]):
                        return interaction
                await self.see_next()

    async def see_next(self) -> JsonObject:
        """Read one event and take it in."""
        event = await self._stream.next()
        self.events.append(event)
        data = event["data"]
        match event["type"]:
            case "MESSAGE_CREATE" | "MESSAGE_UPDATE":
                self.messages[data["id"]] = Message(data)
            case "MESSAGE_DELETE":
                self.messages.pop(data["id"], None)
            case "INTERACTION_MODAL":
                self.modals[data["interaction"]] = Modal(data["interaction"], data["modal"])
            case _:
                pass
        return event

    async def close(self) -> None:
        self._stream.close()

    # -- steps ---------------------------------------------------------------------------------------------------------

    def _channel(self, name: str | int) -> str:
        return self._channels.get(str(name), str(name))
