"""A playground per test and discord.py pointed at it."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.support.discord_schema import DiscordSchema
from tests.support.playground import Playground, discord_py_at, hosted_playground, running_playground


@pytest_asyncio.fixture
async def playground(tmp_path: Path) -> AsyncGenerator[Playground]:
    async with hosted_playground(tmp_path / "playground") as running:
        with discord_py_at(running):
            yield running


@pytest_asyncio.fixture
async def playground_process(tmp_path: Path) -> AsyncGenerator[Playground]:
    """For tests in which processes are killed and started."""
    async with running_playground(tmp_path / "playground") as running:
        yield running


@pytest.fixture(scope="session")
def discord_schema(shared: Path) -> DiscordSchema:
    """Discord's OpenAPI description, for tests that are marked `shared`."""
    return DiscordSchema(shared / "data" / "discord" / "openapi.json")
