"""Who ends the playground: an orderly `up` does, one that cannot go on leaves it to the people who look at its page."""

import os
from pathlib import Path

import psutil
import pytest

from ompycord.app.data_folder import DataFolder
from ompycord.app.run import local_playground
from ompycord.errors import UnavailableError
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
