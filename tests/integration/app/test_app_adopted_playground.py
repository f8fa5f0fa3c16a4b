"""Who ends the playground: an orderly `up` does, one that cannot go on leaves it to the people who look at its page."""

import asyncio
import errno
import os
import shutil
from pathlib import Path
from unittest.mock import Mock

import psutil
import pytest
from aiohttp import web

from ompycord.app import run
from ompycord.app.connection.local_discord import LocalDiscord
from ompycord.app.data_folder import DataFolder
from ompycord.app.run import local_playground
from ompycord.errors import StorageError, UnavailableError
from ompycord.playground.client import Address, Info
from ompycord.settings import Settings, load_settings
from tests.support.patience import until, within
from tests.support.playground import discord_py_at, running_playground


@pytest.fixture
def data(tmp_path: Path) -> DataFolder:
    return DataFolder(tmp_path / "data")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    overrides = {"data_dir": tmp_path / "data", "playground": {"port": 0}}
    return load_settings(environ={}, folder=tmp_path, overrides=overrides)


async def fail_to_start(settings: Settings, data: DataFolder) -> None:
    async with local_playground(settings, data, os.environ):
        raise UnavailableError("the disk is full")


async def test_a_bot_that_cannot_start_leaves_the_playground_that_was_there(
    settings: Settings, data: DataFolder
) -> None:
    async with running_playground(data.playground) as playground:
        with discord_py_at(playground):
            with pytest.raises(UnavailableError):
                await fail_to_start(settings, data)
            assert (await playground.get("/control/info"))["pid"] == playground.process.pid
            async with local_playground(settings, data, os.environ) as (local, _):
                assert playground.token in local.address
        async with within(10):
            assert await playground.process.wait() == 0


@pytest.mark.filterwarnings("ignore:Exception ignored in. <function Popen:pytest.PytestUnraisableExceptionWarning")
async def test_the_playground_has_nothing_of_the_bots_environment_but_where_things_are(
    settings: Settings, data: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "hunter2")
    monkeypatch.setenv("OMPYCORD_AGENTS__A__ENV__KEY", "hunter2")
    monkeypatch.setenv("OMPYCORD_DATA_DIR", str(data.path))
    async with local_playground(settings, data, os.environ) as (local, _):
        environ = psutil.Process(local.info.pid).environ()
    assert "hunter2" not in environ.values()
    assert environ["OMPYCORD_DATA_DIR"] == str(data.path)
    assert environ["PATH"] == os.environ["PATH"]
    await until(lambda: not (data.playground / "run.json").exists())


# `up` leaves its detached playground unwaited on purpose, and a test process lives on.
@pytest.mark.filterwarnings("ignore:Exception ignored in. <function Popen:pytest.PytestUnraisableExceptionWarning")
async def test_a_playground_of_ones_own_is_not_left_behind(settings: Settings, data: DataFolder) -> None:
    with pytest.raises(UnavailableError):
        await fail_to_start(settings, data)
    await until(lambda: not (data.playground / "run.json").exists())


@pytest.mark.filterwarnings("ignore:Exception ignored in. <function Popen:pytest.PytestUnraisableExceptionWarning")
async def test_a_copied_folder_starts_a_playground_of_its_own_and_never_ends_the_originals(
    settings: Settings, data: DataFolder, tmp_path: Path
) -> None:
    async with running_playground(data.playground) as original:
        await asyncio.to_thread(shutil.copytree, data.path, tmp_path / "copy")
        copy = DataFolder(tmp_path / "copy")
        with discord_py_at(original):
            async with local_playground(settings, copy, os.environ) as (local, _):
                assert f":{original.port}/" not in local.address
            await until(lambda: not (copy.playground / "run.json").exists())
        assert original.process.returncode is None
        assert (await original.get("/control/info"))["pid"] == original.process.pid


async def test_a_playground_that_cannot_write_ends_the_start_in_words_and_69() -> None:
    async def refuse(request: web.Request) -> web.Response:
        return web.json_response({"error": "No space left on device"}, status=500)

    application = web.Application()
    application.router.add_post("/control/bot", refuse)
    runner = web.AppRunner(application)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        local = LocalDiscord(address=Address(port=runner.addresses[0][1], token="t"), info=Mock(spec=Info))
        with pytest.raises(UnavailableError, match="make room on its disk") as refused:
            await local.register_bot()
    finally:
        await runner.cleanup()
    assert refused.value.exit_code == 69


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "is full or broken (No space left on device)"),
        (StorageError("The database took too long to answer."), "took too long"),
    ],
)
def test_a_disk_that_is_full_at_the_start_is_a_line_and_69(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, words: str
) -> None:
    async def fail(*arguments: object) -> None:
        raise error

    monkeypatch.setattr(run, "_up", fail)
    with pytest.raises(UnavailableError) as refused:
        run.up(environ={}, folder=tmp_path, overrides={"data_dir": tmp_path / "data"}, announce=lambda words: None)
    assert words in str(refused.value)
