"""A loop that is blocked ends its process with its stacks on stderr.

One that is merely busy, or stopped from outside, does not.
"""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.patience import patient, within

BLOCKS = """
import asyncio, threading, time
from ompycord.telemetry.watchdog import Watchdog

async def main():
    async with asyncio.TaskGroup() as group:
        group.create_task(Watchdog(blocked_s=0.4, interval_s=0.1).run())
        await asyncio.sleep(0)
        print("runs", [thread.name for thread in threading.enumerate() if thread.name == "watchdog"], flush=True)
        {body}

def the_culprit():
    time.sleep(60)

asyncio.run(main())
"""


def program(body: str) -> list[str]:
    return [sys.executable, "-c", BLOCKS.format(body=body)]


def test_a_blocked_loop_ends_the_process_and_names_the_culprit() -> None:
    done = subprocess.run(
        program("the_culprit()"), check=False, capture_output=True, text=True, timeout=patient(30), cwd=Path.cwd()
    )
    assert done.returncode == 70, done.stderr
    assert done.stderr.splitlines()[0].startswith("ompycord: the event loop was blocked for 0 s")
    assert "in the_culprit" in done.stderr


@pytest.mark.posix
async def test_a_process_that_was_stopped_goes_on_when_it_is_continued() -> None:
    process = await asyncio.create_subprocess_exec(
        *program("[await asyncio.sleep(0.1) for _ in range(12)]; print('lived', flush=True); import os; os._exit(0)"),
        stdout=-1,
        stderr=-1,
    )
    assert process.stdout is not None
    async with within(30):
        assert await process.stdout.readline() == b"runs ['watchdog']\n"
        process.send_signal(signal.SIGSTOP)
        until = time.monotonic() + 1.5  # the time itself is what is tried here: longer than the watchdog's patience
        while time.monotonic() < until:  # noqa: ASYNC110  # no event happens in a stopped process
            await asyncio.sleep(0.05)  # the same
        process.send_signal(signal.SIGCONT)
        out, err = await process.communicate()
    assert (process.returncode, out) == (0, b"lived\n"), err


@pytest.mark.posix
def test_a_blocked_loop_ends_the_process_also_where_nobody_reads_its_standard_error() -> None:
    reading, writing = os.pipe()
    fills = "import os; os.set_blocking(2, False)\n        try:\n            while True: os.write(2, bytes(4096))\n"
    fills += "        except BlockingIOError: os.set_blocking(2, True)\n        the_culprit()"
    try:
        process = subprocess.Popen(program(fills), stdout=subprocess.DEVNULL, stderr=writing, cwd=Path.cwd())
        os.close(writing)
        assert process.wait(patient(60)) == 70
    finally:
        os.close(reading)
