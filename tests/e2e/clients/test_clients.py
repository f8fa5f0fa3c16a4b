"""Libraries that know nothing of us work on the playground as on Discord: discord.js and hikari."""

import asyncio
import shutil
import sys
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.e2e.clients.journey import judge, running_client, whole_journey
from tests.support.discord_schema import DiscordSchema, available
from tests.support.playground import Playground, running_playground

pytestmark = [pytest.mark.clients, pytest.mark.e2e, pytest.mark.timeout(60)]
HERE = Path(__file__).resolve().parent
HIKARI = "hikari==2.7.0"
INSTALL_S = 35.0


@pytest.fixture
async def playground(tmp_path: Path) -> AsyncGenerator[Playground]:
    """A playground whose answers are judged by Discord's description at the end, where that is at hand."""
    async with running_playground(tmp_path / "playground") as running:
        yield running
        description = available(HERE)
        if description is not None:
            assert await judge(running, DiscordSchema(description)) > 10


async def test_discord_js_makes_the_whole_journey(playground: Playground, tmp_path: Path) -> None:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("node or npm is missing")
    folder = tmp_path / "discordjs"
    shutil.copytree(HERE / "discordjs", folder)
    await _install(folder, npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", "--no-package-lock")
    async with running_client(playground, [node, "bot.js"], folder) as client:
        await whole_journey(playground, client)


async def test_hikari_makes_the_whole_journey(playground: Playground, tmp_path: Path) -> None:
    folder = tmp_path / "hikari"
    shutil.copytree(HERE / "hikari", folder)
    python = folder / "env" / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    await _install(folder, sys.executable, "-m", "venv", "env")
    options = ("--quiet", "--no-input", "--disable-pip-version-check", "--only-binary=:all:")
    await _install(folder, str(python), "-m", "pip", "install", *options, HIKARI)
    async with running_client(playground, [str(python), "bot.py"], folder) as client:
        await whole_journey(playground, client)


async def _install(folder: Path, *arguments: str) -> None:
    """Run an installer in `folder`; the test is skipped where it cannot, as without a network."""
    process = await asyncio.create_subprocess_exec(
        *arguments, cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    try:
        async with asyncio.timeout(INSTALL_S):
            output, _ = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        pytest.skip(f"{Path(arguments[0]).name} took longer than {INSTALL_S:g} s")
    if process.returncode:
        said = output.decode(errors="replace").strip().splitlines() or [f"exit code {process.returncode}"]
        pytest.skip(f"{Path(arguments[0]).name} could not install: {said[-1][:200]}")
