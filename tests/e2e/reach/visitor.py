"""A person who keeps count: every button and form that it presses or sends, by the action in its id.

Answered or not.
"""

import json
import re
from typing import Any

from ompycord.playground.client import File, JsonObject, Message
from tests.support.playground_person import Interaction, Person
from tests.support.product import SECRET, Product
from tests.support.replies import run_linked_by

__all__ = ["Visitor", "action_of", "answers", "post"]

_ACTION = re.compile(r"v1:([a-z0-9]+):")
FAULT = "An error in Ompycord"


def action_of(custom_id: str) -> str:
    """`stop` of `v1:stop:…`."""
    found = _ACTION.match(custom_id)
    assert found, custom_id
    return found[1]


class Visitor:
    """Acts for a person in #tasks. Whatever it does must be answered, and not with a fault of ours."""

    def __init__(self, product: Product, person: Person) -> None:
        self.product = product
        self.person = person
        self.pressed: set[str] = set()

    async def command(self, name: str, *, target: str | None = None, **options: Any) -> str:
        """Run a command; what it says, or the title of the form that it opens."""
        return await self.told(await self.person.command(name, "tasks", target=target, **options))

    async def new(self, prompt: str, **options: Any) -> str:
        """Start a run; the end of its id."""
        started = await self.person.command("omp new", "tasks", prompt=prompt, **options)
        return await self.started(await self.told(started, "Queued: http"))

    async def started(self, words: str) -> str:
        """The end of the id of the run whose summary an answer links to."""
        return await run_linked_by(self.person, words)

    async def press(self, message: Message, label: str, *, updates: bool = False) -> Interaction:
        """Press a button. `updates`: its answer is a change of the message that carries it."""
        self.pressed.add(action_of(message.component(label)["custom_id"]))
        interaction = await self.person.click(message, label)
        if not updates:
            await self.told(interaction)
        return interaction

    async def fill(self, shown: Interaction, *words: str, **values: Any) -> str:
        """Send the form that an interaction opened; what the bot says to it, once that has these words."""
        assert shown.modal is not None
        self.pressed.add(action_of(shown.modal.raw["custom_id"]))
        return await self.told(await self.person.submit_modal(shown, **values), *words)

    async def told(self, interaction: Interaction, *words: str) -> str:
        """The whole answer, once it has these words: deferred ones are filled later, and some change."""
        if interaction.modal is not None:
            return interaction.modal.title

        def is_whole(message: Message) -> bool:
            return (
                answers(message, interaction)
                and not message.is_thinking
                and all(word in message.text for word in words)
            )

        text = (await self.person.wait_message(is_whole)).text
        assert FAULT not in text
        return text

    async def sees(self, *words: str, label: str | None = None) -> Message:
        """The newest message with all these words and, where given, this button."""
        return await self.person.wait_message(
            lambda message: all(word in message.text for word in words) and (label is None or label in message.labels)
        )

    async def card(self, run: str, label: str) -> Message:
        """The run's card, once it has this button."""
        return await self.sees(f"{run} · card", label=label)

    async def result(self, run: str, *words: str) -> Message:
        return await self.sees(f"{run} · result", *words)


def answers(message: Message, interaction: Interaction) -> bool:
    """Whether this message is the reply to that."""
    asked: JsonObject = message.raw.get("interaction_metadata") or {}
    return asked.get("id") == interaction.id


async def post(product: Product, *events: JsonObject, run: str) -> None:
    """Events of a run elsewhere, as the owner of the shared secret sends them from this machine."""
    session = product.playground.session
    for number, event in enumerate(events, start=1):
        body = json.dumps({"schema": "ompycord/event@1", "run": run, "seq": number, **event})
        headers = {"Authorization": f"Bearer {SECRET}", "Content-Type": "application/json"}
        async with session.post(f"{product.sidecar}/api/webhook/event", data=body, headers=headers) as answer:
            assert answer.status == 202, await answer.text()


NOTES = File("notes.txt", b"And add a test.")
