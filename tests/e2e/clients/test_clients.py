"""Libraries that know nothing of us work on the playground as on Discord, and a whole bot whose source is its own."""

import asyncio
import shutil
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import pytest

from ompycord.playground.client import JsonObject
from tests.e2e.clients.environments import node_with, python_with
from tests.e2e.clients.journey import environment_of, go_through, off_schema, running_client
from tests.e2e.clients.table import TABLE, Row
from tests.support.discord_schema import DiscordSchema, available
from tests.support.patience import within
from tests.support.playground import Playground, running_playground

# Installing is no part of the measured time: it has a bound of its own, past which the test is skipped.
pytestmark = [pytest.mark.clients, pytest.mark.e2e, pytest.mark.timeout(300, func_only=True)]
BOTS = Path(__file__).resolve().parent / "bots"


@dataclass(frozen=True)
class Library:
    """A library, the bot that is written with it, and what is installed for it."""

    name: str
    bot: str
    requirements: tuple[str, ...]

    async def install(self, folder: Path) -> str:
        """The program that runs the bot."""
        return await (node_with if self.bot.endswith(".js") else python_with)(folder, *self.requirements)


LIBRARIES = (
    Library("discord.js", "discordjs_bot.js", ("discord.js@14.28.1",)),
    Library("hikari", "hikari_bot.py", ("hikari==2.7.0",)),
    Library("disnake", "disnake_bot.py", ("disnake==2.12.2",)),
    # It imports pkg_resources, which later setuptools lack.
    Library("nextcord", "nextcord_bot.py", ("nextcord==2.6.0", "setuptools==80.9.0")),
    Library("py-cord", "py_cord_bot.py", ("py-cord==2.8.1",)),
    # With zstandard beside it, discord.py asks the gateway for zstd-stream.
    Library("discord.py", "discord_py_bot.py", ("discord.py==2.7.1", "zstandard==0.25.0")),
)
RED = ("Red-DiscordBot==3.5.24", "pip")
"""It imports pip, which our environments have only where it is asked for."""
START_S = 60.0


@pytest.fixture
async def playground(tmp_path: Path) -> AsyncGenerator[Playground]:
    async with running_playground(tmp_path / "playground") as running:
        yield running


@pytest.fixture
async def program(library: Library, cached: Callable[[str], Path], tmp_path: Path) -> list[str]:
    """What starts the library's bot, whose file stands beside what was installed for it."""
    folder = cached(library.name)
    running = await library.install(folder)
    return [running, str(shutil.copy(BOTS / library.bot, folder))]


@pytest.mark.parametrize("library", LIBRARIES, ids=lambda library: library.name)
async def test_a_library_goes_through_the_whole_table(
    library: Library,
    program: list[str],
    playground: Playground,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    """Every step passes, only a rate limit refuses, and every answer is within Discord's own description."""
    async with running_client(playground, program, tmp_path) as client:
        outcomes = await go_through(playground, client)
        entries = await playground.wire()
    record_property(TABLE, Row(library.name, tuple(outcomes)).to_property())
    assert [(item.step, item.problem) for item in outcomes if item.problem] == []
    assert _refused(entries) == []
    assert client.complaints == []
    assert len(entries) > 20
    _require_within_description(entries)


@pytest.fixture
async def red(cached: Callable[[str], Path]) -> str:
    """The Python that has Red as PyPI has it."""
    return await python_with(cached("red"), *RED)


async def test_red_with_its_source_untouched_answers_a_command(
    red: str, playground: Playground, tmp_path: Path
) -> None:
    ada = playground.ada
    setup = ["--no-prompt", "--instance-name", "red", "--data-path", str(tmp_path / "data"), "--backend", "json"]
    made = await asyncio.create_subprocess_exec(
        red, "-m", "redbot.setup", *setup, env=environment_of(playground, tmp_path), stdout=asyncio.subprocess.DEVNULL
    )
    async with within(START_S):
        assert await made.wait() == 0
    start = [str(BOTS / "red_launcher.py"), "red", "--no-prompt", "--prefix", "!", "--token", playground.bot_token]
    async with running_client(playground, [red, *start], tmp_path):
        await ada.wait_event("BOT_STATUS", lambda data: data["online"], START_S)
        await ada.say("!ping")
        answer = await ada.wait_message(lambda message: message.author_id != ada.id)
        assert answer.content == "Pong."
        entries = await playground.wire()
    assert _refused(entries) == []
    _require_within_description(entries)


def _refused(entries: list[JsonObject]) -> list[tuple[str, str, int, object]]:
    """What the playground refused. 429 is none: libraries learn of a limit that two routes share by meeting it."""
    return [
        (item["method"], item["route"], item["status"], item["response"])
        for item in entries
        if item["status"] >= HTTPStatus.BAD_REQUEST and item["status"] != HTTPStatus.TOO_MANY_REQUESTS
    ]


def _require_within_description(entries: list[JsonObject]) -> None:
    """Hold every answer against Discord's description, where that is at hand."""
    description = available(BOTS)
    if description is not None:
        assert off_schema(entries, DiscordSchema(description)) == []
