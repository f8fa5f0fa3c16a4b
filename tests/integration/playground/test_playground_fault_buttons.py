"""The drawer's fault buttons on a real process: killed in the middle of its work, cut off, without room on its disk."""

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import psutil
import pytest

from ompycord.playground.client import JsonObject, RefusedError
from ompycord.playground.compose import open_state
from ompycord.playground.faults.bot_process import BotProcess
from ompycord.playground.faults.buttons import FaultButtons
from ompycord.playground.faults.recipes import Cut, Kill, recipe
from ompycord.playground.rules.limits import LIMITS
from tests.support.patience import until, within
from tests.support.playground import Playground, running_playground
from tests.support.playground_bot import raw_bot

pytestmark = pytest.mark.posix


@pytest.fixture
def playground(playground_process: Playground) -> Playground:
    return playground_process


NEEDS_PRLIMIT = pytest.mark.skipif(not hasattr(psutil, "RLIMIT_FSIZE"), reason="needs prlimit (Linux)")
BROKEN = (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError)
WRITER = """
import pathlib, signal, subprocess, sys
CHILD = "import sys\\nfor line in sys.stdin: print(attempt(line.strip()), flush=True)"
ATTEMPT = '''
def attempt(path):
    try:
        with open(path, "wb", buffering=0) as file:
            return file.write(bytes(200000)) == 200000
    except OSError:
        return False
'''
exec(ATTEMPT)
child = subprocess.Popen([sys.executable, "-c", ATTEMPT + CHILD], stdin=-1, stdout=-1, text=True, restore_signals=False)
for line in sys.stdin:
    child.stdin.write(line.strip() + ".child\\n")
    child.stdin.flush()
    print(attempt(line.strip()), child.stdout.readline().strip(), flush=True)
signal.pause()
"""
"""For each path that it reads: says whether it, and then whether its child, could write 200,000 bytes there."""


class Writer:
    """A bot that does nothing but write."""

    def __init__(self, process: asyncio.subprocess.Process, path: Path) -> None:
        self.process = process
        self._path = path

    async def could_write(self) -> str:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{self._path}\n".encode())
        async with within(20):
            return (await self.process.stdout.readline()).decode().strip()


@asynccontextmanager
async def writer(playground: Playground, folder: Path) -> AsyncGenerator[Writer]:
    argv = (sys.executable, "-c", WRITER)
    process = await asyncio.create_subprocess_exec(*argv, stdin=-1, stdout=-1)
    try:
        await playground.register_bot(pid=process.pid, argv=list(argv), cwd=str(folder))
        yield Writer(process, folder / "data")
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def press(playground: Playground, kind: str, seed: int) -> JsonObject:
    return await playground.press_fault(kind, seed=seed)


async def post(playground: Playground, content: str) -> int:
    answer = await playground.rest("POST", f"/channels/{playground.channel('general')}/messages", {"content": content})
    return answer.status


def seed_of_kill(*, request: int, is_before: bool) -> int:
    wanted = Kill(request=request, is_before=is_before)
    return next(seed for seed in range(1, 1000) if recipe("kill", seed) == wanted)


@pytest.mark.parametrize("is_before", [True, False])
async def test_the_bot_is_killed_at_the_request_that_the_seed_picks(
    playground: Playground, tmp_path: Path, *, is_before: bool
) -> None:
    async with writer(playground, tmp_path) as bot:
        seed = seed_of_kill(request=2, is_before=is_before)
        begun = await press(playground, "kill", seed)
        assert begun["in_force"] == ["kill"]
        with pytest.raises(RefusedError, match="in force already"):
            await press(playground, "kill", seed)
        assert await post(playground, "first") == 200
        assert bot.process.returncode is None
        with pytest.raises(BROKEN):
            await post(playground, "second")
        async with within(10):
            assert await bot.process.wait() == -9
    said = [message.content for message in await playground.ada.history()]
    assert said == (["first"] if is_before else ["first", "second"])
    state = await playground.fault_buttons()
    assert state["in_force"] == []
    (record,) = state["done"]
    assert (record["kind"], record["seed"], record["what"]) == ("kill", seed, str(recipe("kill", seed)))
    assert record["outcome"].startswith("killed at POST /api/v10/channels/")
    assert await post(playground, "third") == 200
    with pytest.raises(RefusedError, match="does not run"):
        await press(playground, "kill", seed)


async def test_a_kill_that_is_called_off_strikes_nobody(playground: Playground, tmp_path: Path) -> None:
    async with writer(playground, tmp_path) as bot:
        await press(playground, "kill", seed_of_kill(request=1, is_before=True))
        ended = await playground.end_fault("kill")
        assert (ended["in_force"], ended["done"][0]["outcome"]) == ([], "ended on the page")
        assert await post(playground, "unharmed") == 200
        assert bot.process.returncode is None


@pytest.fixture
def idle() -> Generator[subprocess.Popen[bytes]]:
    """A bot that does nothing."""
    with subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


async def test_a_bot_that_sends_nothing_is_killed_at_the_latest_moment(
    tmp_path: Path, idle: subprocess.Popen[bytes]
) -> None:
    opened = open_state(tmp_path, token="token", port=1, limits=LIMITS)
    core = opened.core
    bot = BotProcess(core.storage, tmp_path, lambda: None)
    buttons = FaultButtons(core=core, plan=opened.plan, bot=bot, kill_within_s=0.01)
    bot.register({"pid": idle.pid, "argv": ["bot"], "cwd": str(tmp_path)})
    buttons.press("kill", 1)
    await until(lambda: not buttons.state()["in_force"])
    assert bot.pid is None
    state = buttons.state()
    assert state["done"][0]["outcome"] == "killed at the latest moment, without that request"
    assert opened.plan.shown() == []
    core.storage.close()


async def test_the_network_is_cut_then_loses_what_the_seed_says_and_mends_by_itself(playground: Playground) -> None:
    seed = 7
    cut = recipe("cut", seed)
    assert isinstance(cut, Cut)
    async with raw_bot(playground) as bot:
        await press(playground, "cut", seed)
        with pytest.raises(ConnectionError):
            await bot.event("A NAME THAT NO EVENT HAS")
    with pytest.raises(BROKEN):
        await post(playground, "during the outage")
    assert (await playground.fault_buttons())["in_force"] == ["cut"]
    await playground.advance(cut.outage_s)
    for _ in range(100):
        if (await playground.fault_buttons())["in_force"] == []:
            break
        with contextlib.suppress(*BROKEN):
            await playground.rest("GET", "/users/@me")
    struck = [entry["fault"] for entry in await playground.wire() if entry["fault"]]
    assert struck == ["drop_before" if cut.is_before else "drop_after"] * cut.losses
    (record,) = (await playground.fault_buttons())["done"]
    assert record["outcome"] == f"recovered; {cut.losses} lost"


async def test_a_cut_network_is_mended_by_a_second_press(playground: Playground) -> None:
    await press(playground, "cut", 7)
    ended = await playground.end_fault("cut")
    assert (ended["in_force"], ended["done"][0]["outcome"]) == ([], "ended on the page; 0 lost")
    assert [await post(playground, str(number)) for number in range(5)] == [200] * 5


@NEEDS_PRLIMIT
async def test_a_full_disk_takes_nothing_from_the_bot_and_its_programs_until_it_is_freed(
    playground: Playground, tmp_path: Path
) -> None:
    async with writer(playground, tmp_path) as bot:
        assert await bot.could_write() == "True True"
        assert (await press(playground, "fill", 3))["in_force"] == ["fill"]
        assert await bot.could_write() == "False False"
        assert (await playground.end_fault("fill"))["in_force"] == []
        assert await bot.could_write() == "True True"


@NEEDS_PRLIMIT
async def test_the_disk_of_a_bot_that_is_started_again_is_still_full(playground: Playground, tmp_path: Path) -> None:
    limit = psutil.RLIMIT_FSIZE
    async with writer(playground, tmp_path):
        await press(playground, "fill", 3)
        await playground.post("/app/bot/kill")
        started = psutil.Process((await playground.post("/app/bot/start"))["pid"])
        assert 0 <= started.rlimit(limit)[0] <= 16 * 1024
        await playground.end_fault("fill")
        assert started.rlimit(limit)[0] == psutil.RLIM_INFINITY
        await playground.post("/app/bot/kill")


@NEEDS_PRLIMIT
@pytest.mark.parametrize("is_killed", [False, True])
async def test_no_bot_stays_limited_after_its_playground(tmp_path: Path, *, is_killed: bool) -> None:
    async with running_playground(tmp_path / "state") as first, writer(first, tmp_path) as bot:
        await press(first, "fill", 3)
        if is_killed:
            await first.kill()
            assert await bot.could_write() == "False False"
            async with running_playground(tmp_path / "state"):
                assert await bot.could_write() == "True True"
        else:
            assert await first.stop() == 0
            assert await bot.could_write() == "True True"


@NEEDS_PRLIMIT
async def test_a_disk_that_nobody_frees_is_freed(tmp_path: Path, idle: subprocess.Popen[bytes]) -> None:
    opened = open_state(tmp_path, token="token", port=1, limits=LIMITS)
    core = opened.core
    bot = BotProcess(core.storage, tmp_path, lambda: None)
    buttons = FaultButtons(core=core, plan=opened.plan, bot=bot, full_for_s=0.01)
    bot.register({"pid": idle.pid, "argv": ["bot"], "cwd": str(tmp_path)})
    buttons.press("fill", 1)
    limited = psutil.Process(idle.pid).rlimit(psutil.RLIMIT_FSIZE)[0]
    await until(lambda: not buttons.state()["in_force"])
    assert 0 <= limited <= 16 * 1024
    assert psutil.Process(idle.pid).rlimit(psutil.RLIMIT_FSIZE)[0] == psutil.RLIM_INFINITY
    core.storage.close()


async def test_a_seed_that_is_none_does_nothing(playground: Playground) -> None:
    for seed in (0, -1, 1_000_000, 1.5, "7", None, True):
        with pytest.raises(RefusedError, match="whole number from 1 to 999999"):
            await playground.press_fault("cut", seed=seed)
    with pytest.raises(RefusedError, match="kind is one of"):
        await playground.press_fault("burn", seed=1)
    state = await playground.fault_buttons()
    assert (state["in_force"], state["done"]) == ([], [])
    assert await post(playground, "all is well") == 200
