"""Libraries that know nothing of us work on the playground as on Discord: discord.js and hikari."""

import asyncio
import importlib.util
import shutil
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.clients.journey import judge, running_client, whole_journey
from tests.support.discord_schema import DiscordSchema, available
from tests.support.patience import within
from tests.support.playground import Playground, running_playground

# Installing is no part of the measured time: it has a bound of its own, past which the test is skipped.
pytestmark = [pytest.mark.clients, pytest.mark.e2e, pytest.mark.timeout(60, func_only=True)]
HERE = Path(__file__).resolve().parent
HIKARI = "hikari==2.7.0"
INSTALL_S = 30.0


@dataclass(frozen=True)
class Bot:
    """An installed bot: what starts it, and where."""

    arguments: list[str]
    folder: Path


@pytest.fixture
async def playground(tmp_path: Path) -> AsyncGenerator[Playground]:
    async with running_playground(tmp_path / "playground") as running:
        yield running


@pytest.fixture
async def discordjs(tmp_path: Path) -> Bot:
    """discord.js as its package.json pins it, in a folder of this test."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("node or npm is missing")
    folder = tmp_path / "discordjs"
    shutil.copytree(HERE / "discordjs", folder)
    options = ("--no-audit", "--no-fund", "--ignore-scripts", "--no-package-lock")
    async with installing("npm"):
        await _run(folder, npm, "install", *options)
    return Bot([node, "bot.js"], folder)


@pytest.fixture
async def hikari(tmp_path: Path) -> Bot:
    """hikari in an environment of this test; our own locks do not have it."""
    if importlib.util.find_spec("pip") is None:
        pytest.skip("pip is missing")
    folder = tmp_path / "hikari"
    shutil.copytree(HERE / "hikari_client", folder)
    python = folder / "env" / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    pip = (sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check", "--quiet")
    async with installing("pip"):
        await _run(folder, sys.executable, "-m", "venv", "--without-pip", "env")
        await _run(folder, *pip, "install", "--no-input", "--no-compile", "--only-binary=:all:", HIKARI)
    return Bot([str(python), "bot.py"], folder)


async def test_discord_js_makes_the_whole_journey(discordjs: Bot, playground: Playground) -> None:
    await _travel(discordjs, playground)


async def test_hikari_makes_the_whole_journey(hikari: Bot, playground: Playground) -> None:
    await _travel(hikari, playground)


async def _travel(bot: Bot, playground: Playground) -> None:
    """The journey; then every answer is held against Discord's own description, where that is at hand."""
    async with running_client(playground, bot.arguments, bot.folder) as client:
        await whole_journey(playground, client)
    assert client.complaints == []
    description = available(HERE)
    if description is not None:
        assert await judge(playground, DiscordSchema(description)) > 10


@asynccontextmanager
async def installing(name: str) -> AsyncGenerator[None]:
    """The test is skipped where an installer fails, as it does without a network, or takes too long."""
    try:
        async with within(INSTALL_S):
            yield
    except TimeoutError:
        pytest.skip(f"{name} took longer than {INSTALL_S:g} s")
    except InstallationFailedError as failure:
        pytest.skip(f"{name} could not install: {failure}")


class InstallationFailedError(Exception):
    """An installer ended with an error; the message is its last line."""


async def _run(folder: Path, *arguments: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *arguments, cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    try:
        output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        lines = output.decode(errors="replace").strip().splitlines()
        raise InstallationFailedError(lines[-1][:200] if lines else f"exit code {process.returncode}")
