"""A stream that nobody reads delays no caller; what is dropped is counted and said."""

import logging
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from ompycord.telemetry.log_queue import QueuedHandler
from tests.support.patience import patient

LINES = 50


class Held(logging.Handler):
    """Writes when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.let = threading.Event()
        self.began = threading.Event()
        self.written: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.began.set()
        assert self.let.wait(patient(60))
        self.written.append(record.getMessage())


def said(handler: logging.Handler, text: str) -> None:
    handler.handle(logging.LogRecord("test", logging.INFO, "", 0, text, None, None))


def test_callers_do_not_wait_and_what_did_not_fit_is_counted_once_there_is_room_again() -> None:
    held = Held()
    handler = QueuedHandler(held, most_lines=LINES)
    said(handler, "first")
    assert held.began.wait(patient(20))
    for number in range(3 * LINES):
        said(handler, f"line {number}")
    held.let.set()
    handler.flush()
    handler.close()
    kept = [f"line {number}" for number in range(LINES)]
    assert [line for line in held.written if not line.startswith("log.dropped")] == ["first", *kept]
    [dropped] = [line for line in held.written if line.startswith("log.dropped")]
    assert f"{2 * LINES} lines" in dropped


def test_an_end_waits_for_a_stuck_stream_only_so_long() -> None:
    held = Held()
    handler = QueuedHandler(held)
    said(handler, "first")
    handler.close()
    assert held.written == []
    held.let.set()


ALIVE = """
import asyncio, signal, sys
from ompycord.telemetry import configure_logging, get_logger

async def main():
    configure_logging(level="debug", json_lines=True, redact=str)
    log = get_logger("chatty")
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    for number in range(20_000):
        log.debug("a line that nobody reads", number=number)
    print("alive", flush=True)
    await stop.wait()
    print("ended", flush=True)

asyncio.run(main())
"""


@pytest.mark.posix
def test_a_process_whose_standard_error_nobody_reads_lives_on_and_ends_when_it_is_asked() -> None:
    reading, writing = os.pipe()
    try:
        process = subprocess.Popen(
            [sys.executable, "-c", ALIVE], stdout=subprocess.PIPE, stderr=writing, cwd=Path.cwd(), text=True
        )
        os.close(writing)
        too_late = threading.Timer(patient(60), process.kill)
        too_late.start()
        assert process.stdout is not None
        assert process.stdout.readline() == "alive\n"
        process.terminate()
        assert process.stdout.readline() == "ended\n"
        assert process.wait(patient(20)) == 0
        process.stdout.close()
        too_late.cancel()
    finally:
        os.close(reading)
