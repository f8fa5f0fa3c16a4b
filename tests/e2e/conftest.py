"""End to end: real processes over real sockets; what every journey must leave behind is checked here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pytest

from tests.support.playground import Playground
from tests.support.playground_page import JsonObject, Message

pytestmark = pytest.mark.e2e


@dataclass(frozen=True)
class Shown:
    """All that the server shows of one run: by kind, as a person would count it."""

    mirrors: list[Message]
    threads: list[JsonObject]
    cards: list[Message]
    results: list[Message]
    questions: list[Message]


async def shown(playground: Playground, run: str) -> Shown:
    """Everything of the run whose short id this is, found by the footers' markers."""
    state: Mapping[str, list[JsonObject]] = await playground.get("/app/state")
    messages: list[Message] = []
    for channel in state["channels"]:
        if channel["type"] in {0, 11}:
            messages += await playground.ada.history(channel["id"])
    return Shown(
        mirrors=of_kind(messages, run, "mirror"),
        threads=[channel for channel in state["channels"] if channel["type"] == 11 and run in channel["name"]],
        cards=of_kind(messages, run, "card"),
        results=of_kind(messages, run, "result"),
        questions=of_kind(messages, run, "question"),
    )


def of_kind(messages: Sequence[Message], run: str, kind: str) -> list[Message]:
    """Messages whose footer says `<run> · <kind>`."""
    return [
        message
        for message in messages
        if any(f"{run} · {kind}" in embed.get("footer", {}).get("text", "") for embed in message.embeds)
    ]
