"""Runs a check as a program of this machine, confined by the launcher; judged by `verdict.py`, counted by `counts.py`."""

import asyncio
import os
import stat
import sys
from collections import deque
from pathlib import Path
from typing import Final

from ompycord.checks.counts import Counts, unittest_counts
from ompycord.checks.verdict import Ended, is_pytest, reading_of, verdict
from ompycord.domain.events import CheckFinished
from ompycord.domain.ids import RunId
from ompycord.domain.repository import CheckSpec
from ompycord.errors import ProcessFailed, ProgramLeadsOut
from ompycord.processes import Clocks, ProcessResult, ProcessSpec, ResourceLimits
from ompycord.processes.launcher_port import Launcher, Layout
from ompycord.text import cut

__all__ = ["LocalChecks"]

PYTHON: Final = "{python}"
_TAIL_LINES: Final = 2000
_TAIL_LINE: Final = 500
"""What is kept of the output: unittest's closing lines and the names of what failed before them."""
_REPORT_BYTES: Final = 16 * 1024 * 1024
_TERM_S: Final = 5.0
_SENTENCE: Final = 300


class LocalChecks:
    """Checks on this machine."""

    def __init__(self, *, launcher: Launcher) -> None:
        self._launcher = launcher

    async def run(self, run: RunId, check: CheckSpec, cwd: Path) -> CheckFinished:
        """See the port. After `timeout_s` the whole tree is killed. pytest writes its report beside the checkout."""
        command = tuple(word.replace(PYTHON, sys.executable) for word in check.command)
        layout = Layout(cwd, network=check.network, resource_limits=ResourceLimits.of(check))
        report = layout.tmp / f"junit-{check.name}.xml"
        argv, env = _with_report(check, command, report)
        spec = ProcessSpec(argv=argv, env=env, cwd=cwd, marker=run)
        try:
            report.unlink(missing_ok=True)
            result, tail = await self._watch(spec, layout, check)
        except ProgramLeadsOut as error:
            return CheckFinished(check=check.name, status="error", detail=cut(str(error), _SENTENCE))
        except (ProcessFailed, OSError) as error:
            is_there = await asyncio.to_thread(cwd.is_dir)
            status = "missing" if isinstance(error, ProcessFailed) and is_there else "error"
            return CheckFinished(check=check.name, status=status, detail=cut(str(error), _SENTENCE))
        counts = await asyncio.to_thread(_counts, check, command, report, tail)
        return verdict(check, command, Ended(result=result, tail=tail, counts=counts))

    async def _watch(self, spec: ProcessSpec, layout: Layout, check: CheckSpec) -> tuple[ProcessResult, list[str]]:
        tail: deque[str] = deque(maxlen=_TAIL_LINES)
        clocks = Clocks(wall_s=check.timeout_s, idle_s=check.timeout_s, term_s=_TERM_S)
        async with self._launcher.start(spec, layout, clocks=clocks) as process:
            async for line in process.lines():
                tail.append(line.text[:_TAIL_LINE])
            return await process.wait(), list(tail)


def _with_report(check: CheckSpec, command: tuple[str, ...], report: Path) -> tuple[tuple[str, ...], dict[str, str]]:
    """The command and its environment, with pytest told where to write its JUnit report."""
    option = f"--junitxml={report}"
    if reading_of(check, command) != "pytest":
        return command, {}
    if not is_pytest(command):  # pytest behind another command, such as `make test`, hears it this way
        return command, {"PYTEST_ADDOPTS": option}
    at = command.index("--") if "--" in command else len(command)
    return (*command[:at], option, *command[at:]), {}


def _counts(check: CheckSpec, command: tuple[str, ...], report: Path, tail: list[str]) -> Counts | None:
    match reading_of(check, command):
        case "pytest":
            from ompycord.checks.junit import junit_counts

            raw = _read(report)
            return None if raw is None else junit_counts(raw)
        case "unittest":
            return unittest_counts(tail)
        case "exit":
            return None


def _read(report: Path) -> bytes | None:
    """The report; None where there is none (a killed pytest writes none), or something else lies there."""
    try:
        descriptor = os.open(report, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        raw = file.read(_REPORT_BYTES + 1)
    return raw if len(raw) <= _REPORT_BYTES else None
