"""End to end: real processes over real sockets; what every journey must leave behind is checked here."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from ompycord.playground.client import JsonObject, Message
from tests.support import page_world as world
from tests.support.playground import Playground

if TYPE_CHECKING:
    from playwright.async_api import Browser

    from tests.support.page_browser import Stage, Visit

pytestmark = pytest.mark.e2e


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator["Browser"]:
    """One Chromium a worker. Tests that use it run in the session's loop."""
    from tests.support.page_browser import chromium

    async with chromium() as running:
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stage(browser: "Browser") -> AsyncIterator["Stage"]:
    from tests.support.page_browser import stage_on

    async with stage_on(browser) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def work(stage: "Stage") -> AsyncIterator["Visit"]:
    async with stage.visit(world.WORK) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def general(stage: "Stage") -> AsyncIterator["Visit"]:
    async with stage.visit(world.GENERAL) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def phone(stage: "Stage") -> AsyncIterator["Visit"]:
    async with stage.visit(world.WORK, is_touch=True, width=390, height=780) as opened:
        yield opened


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
    state: Mapping[str, list[JsonObject]] = await playground.state()
    messages: list[Message] = []
    for channel in state["channels"]:
        if channel["type"] in {0, 11}:
            messages += await playground.ada.history(channel["id"])
    mirrors = of_kind(messages, run, "mirror")
    places = {message.id for message in mirrors} | {message.channel_id for message in of_kind(messages, run, "card")}
    return Shown(
        mirrors=mirrors,
        threads=[channel for channel in state["channels"] if channel["type"] == 11 and channel["id"] in places],
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
