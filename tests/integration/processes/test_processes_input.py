"""A program whose input stays open is told things while it runs.

And nobody waits for ever for one that does not listen.
"""

import asyncio
from collections.abc import Callable

import pytest

from ompycord.processes import Clocks, Outcome, ProcessSpec, launch
from tests.support.patience import within

pytestmark = [pytest.mark.posix, pytest.mark.timeout(60)]
MakeSpec = Callable[..., ProcessSpec]

ECHO = "import sys\nfor line in sys.stdin: print('heard', line.strip(), flush=True)\nprint('end of input')"
DEAF = "import os, time\nos.write(1, b'up\\n')\ntime.sleep(300)"


async def test_what_is_written_arrives_line_by_line_and_the_input_ends_when_it_is_closed(python: MakeSpec) -> None:
    async with launch(python(ECHO, stdin=b"first\n", keep_input_open=True)) as process:
        lines = process.lines()
        assert (await anext(lines)).text == "heard first"
        assert await process.write("zweite: Grüße\n".encode())
        assert (await anext(lines)).text == "heard zweite: Grüße"
        process.close_input()
        process.close_input()
        assert [line.text async for line in lines] == ["end of input"]
        assert (await process.wait()).outcome is Outcome.EXITED


async def test_a_program_that_takes_no_input_any_more_is_no_error(python: MakeSpec) -> None:
    async with launch(
        python("import os\nos.close(0)\nprint('closed')\nimport time\ntime.sleep(0.1)", stdin=b"", keep_input_open=True)
    ) as process:
        async for _ in process.lines():
            pass
        await process.wait()
        assert not await process.write(b"too late\n")


async def test_without_an_open_input_nothing_is_taken(python: MakeSpec) -> None:
    async with launch(python(DEAF)) as process:
        assert not await process.write(b"hello\n")
    async with launch(python(DEAF, stdin=b"all of it")) as process:
        assert not await process.write(b"more\n")


async def test_writing_to_a_deaf_program_waits_until_its_clock_ends_it(python: MakeSpec) -> None:
    clocks = Clocks(wall_s=0.5, term_s=1)
    async with within(30), launch(python(DEAF, keep_input_open=True), clocks=clocks) as process:
        assert not await process.write(b"x" * 4_194_304)
        assert (await process.wait()).outcome is Outcome.WALL_TIMEOUT


async def test_a_wait_to_write_can_be_given_up(python: MakeSpec) -> None:
    async with launch(python(DEAF, keep_input_open=True)) as process:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await process.write(b"x" * 4_194_304)
        assert (await process.stop()).outcome is Outcome.STOPPED


async def test_four_mebibytes_for_a_slow_reader_arrive_whole(python: MakeSpec) -> None:
    code = "import sys\nprint(len(sys.stdin.buffer.read()))"
    async with launch(python(code, keep_input_open=True)) as process:
        for _ in range(64):
            assert await process.write(b"x" * 65_536)
        process.close_input()
        assert [line.text async for line in process.lines()] == [str(4_194_304)]


async def test_the_clocks_stand_still_while_a_program_waits_for_a_person(python: MakeSpec) -> None:
    clocks = Clocks(wall_s=1, idle_s=0.6, term_s=1)
    async with within(30), launch(python(ECHO, keep_input_open=True), clocks=clocks) as process:
        lines = process.lines()
        process.waits_for_person(waiting=True)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1.5):
                await process.wait()
        process.waits_for_person(waiting=False)
        assert await process.write(b"still there\n")
        assert (await anext(lines)).text == "heard still there"
        assert (await process.wait()).outcome is Outcome.IDLE_TIMEOUT


async def test_a_person_is_not_waited_for_without_end(python: MakeSpec) -> None:
    clocks = Clocks(wall_s=60, idle_s=60, waiting_s=0.3, term_s=1)
    async with within(30), launch(python(ECHO, keep_input_open=True), clocks=clocks) as process:
        process.waits_for_person(waiting=True)
        assert (await process.wait()).outcome is Outcome.IDLE_TIMEOUT


async def test_the_clocks_stand_still_while_what_a_program_asks_for_is_held(python: MakeSpec) -> None:
    """Also while it waits for a person too: that time counts once."""
    clocks = Clocks(wall_s=2.5, idle_s=0.6, waiting_s=60, term_s=1)
    async with within(30), launch(python(ECHO, keep_input_open=True), clocks=clocks) as process:
        lines = process.lines()
        process.waits_for_provider(True)
        process.waits_for_person(waiting=True)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1.5):
                await process.wait()
        process.waits_for_person(waiting=False)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1.5):
                await process.wait()
        process.waits_for_provider(False)
        assert await process.write(b"still there\n")
        assert (await anext(lines)).text == "heard still there"
        assert (await process.wait()).outcome is Outcome.IDLE_TIMEOUT
