"""The playground as a process: its files, its port, its end, its memory, and the bot it can kill and start."""

import asyncio
import json
import os
import stat
import sys
from pathlib import Path

import psutil
import pytest

from ompycord.playground.client import RefusedError
from tests.support.patience import until, within
from tests.support.playground import Playground, running_playground, start_playground

pytestmark = pytest.mark.posix


@pytest.fixture
def playground(playground_process: Playground) -> Playground:
    return playground_process


async def test_the_run_file_names_the_process_and_goes_with_it(tmp_path: Path) -> None:
    playground = await start_playground(tmp_path / "state")
    run_file = tmp_path / "state" / "run.json"
    run = json.loads(run_file.read_text())
    status = run_file.parent.stat()
    assert run == {
        "pid": playground.process.pid,
        "port": playground.port,
        "token": playground.token,
        "bot": None,
        "folder": {"device": status.st_dev, "inode": status.st_ino},
    }
    assert stat.S_IMODE(run_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(run_file.parent.stat().st_mode) == 0o700
    assert len(playground.token) == 43
    assert await playground.stop() == 0
    assert not run_file.exists()


async def test_shutdown_ends_it_even_with_an_open_page(tmp_path: Path) -> None:
    async with running_playground(tmp_path) as playground:
        await playground.ada.say("hello")
        await playground.ada.wait_message(lambda message: message.content == "hello")
        await playground.shut_down()
        async with within(10):
            assert await playground.process.wait() == 0


async def test_a_taken_port_is_named_in_one_line(tmp_path: Path) -> None:
    async with running_playground(tmp_path / "one") as playground:
        second = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "ompycord.playground", "--state", str(tmp_path / "two")),
            *("--port", str(playground.port)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await second.communicate()
    assert second.returncode == 75
    assert out == b""
    assert err.decode().splitlines() == [f"Port {playground.port} on 127.0.0.1 is taken by another program."]


async def test_the_world_outlives_a_kill(tmp_path: Path) -> None:
    first = await start_playground(tmp_path)
    sent = await first.ada.say("remember this", "tasks")
    info, token, port = first.info, first.token, first.port
    await first.kill()
    async with running_playground(tmp_path, port=port) as second:
        assert second.token == token
        same = ("bot_token", "application_id", "guild_id", "channels", "users", "roles")
        assert [getattr(second.info, name) for name in same] == [getattr(info, name) for name in same]
        assert [item.id for item in await second.ada.history("tasks")] == [sent.id]
        later = await second.ada.say("and that", "tasks")
        assert int(later.id) > int(sent.id)


async def test_two_worlds_share_no_ids(tmp_path: Path) -> None:
    async with running_playground(tmp_path / "one") as one, running_playground(tmp_path / "two") as two:
        assert one.token != two.token
        assert one.bot_token != two.bot_token
        assert one.guild_id != two.guild_id


SLEEPER = [sys.executable, "-c", "import sys; sys.stdin.read(1)"]


async def test_the_registered_bot_is_killed_and_started_again(playground: Playground, tmp_path: Path) -> None:
    bot = await asyncio.create_subprocess_exec(*SLEEPER, stdin=asyncio.subprocess.PIPE)
    marker = tmp_path / "started"
    script = f"import pathlib, time; pathlib.Path({str(marker)!r}).write_text('x'); time.sleep(60)"
    argv = [sys.executable, "-c", script]
    await playground.register_bot(pid=bot.pid, argv=argv, cwd=str(tmp_path))
    run = json.loads((playground.folder / "run.json").read_text())
    assert run["bot"] == {"pid": bot.pid, "argv": argv}

    assert await playground.post("/app/bot/kill") == {"pid": bot.pid}
    assert await bot.wait() == -9
    with pytest.raises(RefusedError, match="does not run"):
        await playground.post("/app/bot/kill")

    started = (await playground.post("/app/bot/start"))["pid"]
    process = psutil.Process(started)
    assert process.cmdline() == argv
    assert os.getsid(started) == started
    with pytest.raises(RefusedError, match="runs already"):
        await playground.post("/app/bot/start")
    await playground.post("/app/bot/kill")


async def test_a_bot_that_the_page_killed_starts_again_with_its_own_environment(
    playground: Playground, tmp_path: Path
) -> None:
    """The playground did not have it before: it is read from the process that is about to be killed."""
    assert "KEY_OF_AN_AGENT" not in psutil.Process(playground.process.pid).environ()
    env = {**os.environ, "KEY_OF_AN_AGENT": "hunter2"}
    bot = await asyncio.create_subprocess_exec(*SLEEPER, stdin=asyncio.subprocess.PIPE, env=env)
    argv = [sys.executable, "-c", "import time; time.sleep(60)"]
    await playground.register_bot(pid=bot.pid, argv=argv, cwd=str(tmp_path))
    await playground.post("/app/bot/kill")
    await bot.wait()
    started = psutil.Process((await playground.post("/app/bot/start"))["pid"])
    assert started.environ()["KEY_OF_AN_AGENT"] == "hunter2"
    await playground.post("/app/bot/kill")


@pytest.mark.parametrize("is_ending", [False, True])
async def test_a_bot_that_was_started_on_the_page_ends_with_the_playground(tmp_path: Path, *, is_ending: bool) -> None:
    told = tmp_path / "told"
    # Says when it listens and when it was told to end; an ending bot has asked for the shutdown itself.
    script = (
        "import pathlib, signal, sys, time\n"
        f"told = pathlib.Path({str(told)!r})\n"
        "signal.signal(signal.SIGTERM, lambda *_: (told.write_text('told'), sys.exit()))\n"
        "told.write_text('listening')\n"
        "time.sleep(30)\n"
    )
    bot = await asyncio.create_subprocess_exec(*SLEEPER, stdin=asyncio.subprocess.PIPE)
    async with running_playground(tmp_path / "state") as playground:
        argv = [sys.executable, "-c", script]
        await playground.register_bot(pid=bot.pid, argv=argv, cwd=str(tmp_path))
        await playground.post("/app/bot/kill")
        await bot.wait()
        started = psutil.Process((await playground.post("/app/bot/start"))["pid"])
        await until(told.exists)
        await playground.post("/control/shutdown", {"bot": started.pid if is_ending else None})
        async with within(10):
            assert await playground.process.wait() == 0
    assert told.read_text() == ("listening" if is_ending else "told")
    assert started.is_running() is is_ending
    if is_ending:
        started.kill()


async def test_a_process_that_does_not_exist_cannot_be_registered(playground: Playground, tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="no such process"):
        await playground.register_bot(pid=2**22 + 1, argv=["x"], cwd=str(tmp_path))
    with pytest.raises(RefusedError, match="does not run"):
        await playground.post("/app/bot/kill")


async def test_the_end_of_everything_ends_a_bot_that_another_program_started(tmp_path: Path) -> None:
    bot = await asyncio.create_subprocess_exec(*SLEEPER, stdin=asyncio.subprocess.PIPE)
    async with running_playground(tmp_path / "state") as playground:
        await playground.register_bot(pid=bot.pid, argv=SLEEPER, cwd=str(tmp_path))
        await playground.post("/control/shutdown", {"everything": True})
        async with within(10):
            assert await bot.wait() == -15
            assert await playground.process.wait() == 0
