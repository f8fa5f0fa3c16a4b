"""A server process as the measuring process sees it; counterpart of `server.py`."""

import json
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["Mark", "Served", "serving"]

END_S = 30.0


class Mark(NamedTuple):
    """A moment in the server: its CPU seconds so far, and the monotonic clock, which all processes share."""

    cpu_s: float
    at: float
    commits_s: list[float]
    """What each COMMIT took since the mark before."""


class Served:
    """A running server."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.port = int(self._read()["port"])

    def mark(self) -> Mark:
        return self._ask("mark")

    def settled(self) -> Mark:
        """When everything stored has been folded and committed."""
        return self._ask("settle")

    def _ask(self, line: str) -> Mark:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        return Mark(**self._read())

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())


@contextmanager
def serving(app: str, *, stack: str, core: int, folder: Path) -> Generator[Served]:
    """Start `bench.server`, end it with the block."""
    command = [
        sys.executable,
        "-m",
        "bench.server",
        app,
        "--stack",
        stack,
        "--core",
        str(core),
        "--folder",
        str(folder),
    ]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield Served(process)
    finally:
        process.communicate(timeout=END_S)
