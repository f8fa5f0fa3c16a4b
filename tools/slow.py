"""Runs the tests as a slow machine would.

At nice 5 beside two busy loops at nice 0, which leaves about half of each core.

    python -m tools.slow                     three rounds of everything
    python -m tools.slow --longest 100       the tests that waited most in the last round, once, at nice 15
    python -m tools.slow --rounds 1 -- tests/e2e/test_process.py

A round that fails says which tests and ends the program with 1. Nothing is run twice. Prints one JSON object a round:
`failed` are the tests that failed as far as it came, `ended` says where pytest ended without a summary, and
`last_lines` are there where it failed and names no test.
"""

import argparse
import contextlib
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from tools.failures import FAILING

_NICE: Final = 5
_NICEST: Final = 15
_BUSY: Final = "import itertools\nfor _ in itertools.repeat(0): pass"
_DURATION: Final = re.compile(r"^([\d.]+)s (?:call|setup|teardown) +(\S+)$")
_SUMMARY: Final = re.compile(r"^=* ?(?:\d+ [a-z]+(?:, )?|no tests ran)+ in [\d.]+s\b")
_LAST_LINES: Final = 10
_LONGEST: Final = Path(tempfile.gettempdir()) / "ompycord-longest-tests.txt"
"""The tests of the last whole round, longest first, one a line."""


class Round(NamedTuple):
    """What one round printed and took. Seconds of wall time, and CPU seconds of pytest and all its children."""

    exit_code: int
    wall_s: float
    cpu_s: float
    failed: list[str]
    """In the order in which they failed."""
    durations: dict[str, float]
    has_summary: bool
    """Whether pytest came to its end; if not, others may have failed too."""
    last_lines: list[str]


def main() -> int:
    """Run what the command line asks for; 1 when a round failed, 2 when there is nothing to run."""
    asked = _asked()
    paths: list[str] = asked.paths
    if asked.longest:
        if not _LONGEST.is_file():
            sys.stderr.write("No round was run yet: run `python -m tools.slow` first.\n")
            return 2
        paths = _LONGEST.read_text().splitlines()[: asked.longest]
    rounds, nice = (1, _NICEST) if asked.longest else (asked.rounds, _NICE)
    codes: list[int] = []
    for number in range(1, rounds + 1):
        with _busy_loops(asked.loops):
            done = _run(paths, nice=nice, jobs=asked.jobs)
        codes.append(done.exit_code)
        if not paths:
            _LONGEST.write_text("\n".join(sorted(done.durations, key=done.durations.__getitem__, reverse=True)))
        report: dict[str, object] = {
            "round": number,
            "of": rounds,
            "nice": nice,
            "busy_loops": asked.loops,
            "exit_code": done.exit_code,
        }
        report |= {"wall_s": done.wall_s, "cpu_s": done.cpu_s, "failed": done.failed}
        if not done.has_summary:
            report["ended"] = "without a summary"
        if done.exit_code and not done.failed:
            report["last_lines"] = done.last_lines
        sys.stdout.write(json.dumps(report) + "\n")
        sys.stdout.flush()
    return int(any(codes))


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.slow", description="Run the tests on a machine made slow.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--loops", type=int, default=2, help="busy loops at nice 0")
    parser.add_argument("--jobs", default=str((os.cpu_count() or 2) + 1), help="workers of pytest")
    parser.add_argument("--longest", type=int, default=0, help="only so many tests that waited most, at nice 15")
    parser.add_argument("paths", nargs="*")
    return parser.parse_args()


@contextlib.contextmanager
def _busy_loops(number: int) -> Generator[None]:
    loops = [subprocess.Popen([sys.executable, "-c", _BUSY]) for _ in range(number)]  # noqa: S603  # our own words
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def _run(paths: Sequence[str], *, nice: int, jobs: str) -> Round:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tools.failures"]
    command += ["-n", jobs, "--dist", "loadgroup", "--durations=0", *paths]
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    failed: list[str] = []
    durations: dict[str, float] = {}
    last_lines: deque[str] = deque(maxlen=_LAST_LINES)
    has_summary = False
    with subprocess.Popen(  # noqa: S603  # the tests of this project
        command,
        preexec_fn=lambda: _lower(nice),  # noqa: PLW1509  # no threads here
        stdout=subprocess.PIPE,
        text=True,
    ) as suite:
        assert suite.stdout is not None
        for line in suite.stdout:
            sys.stderr.write(line)
            sys.stderr.flush()
            if took := _DURATION.match(line):
                durations[took[2]] = durations.get(took[2], 0.0) + float(took[1])
            elif line.startswith(FAILING):
                failed.append(line.removeprefix(FAILING).rstrip())
            elif _SUMMARY.match(line):
                has_summary = True
            if line.strip():
                last_lines.append(line.rstrip())
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    wall_s = time.monotonic() - began
    return Round(
        exit_code=suite.returncode,
        wall_s=round(wall_s, 1),
        cpu_s=round(cpu_s, 1),
        failed=failed,
        durations=durations,
        has_summary=has_summary,
        last_lines=list(last_lines),
    )


def _lower(nice: int) -> None:
    os.nice(nice)


if __name__ == "__main__":
    sys.exit(main())
