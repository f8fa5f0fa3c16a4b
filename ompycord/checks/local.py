"""Runs a check as a program of this machine, confined by the launcher.

`verdict.py` judges it, its parser counts.
"""

import asyncio
import os
import stat
import sys
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal

from ompycord.checks.counts import Counts
from ompycord.checks.errors import errors_of
from ompycord.checks.parser import CheckOutput, CheckParser, OutputParser
from ompycord.checks.probes.probe import read_report
from ompycord.checks.registry import CHECK_PARSERS, parser_for
from ompycord.checks.verdict import CheckEnded, probed_verdict, verdict
from ompycord.domain.checking.probe import Probe
from ompycord.domain.configuration.services import ServiceSpec
from ompycord.domain.events import CheckFinished
from ompycord.domain.ids import RunId
from ompycord.domain.ports import Listener
from ompycord.domain.ports.checks import CheckRun, Comparison
from ompycord.domain.ports.trees import ResultTrees
from ompycord.domain.repository import CheckSpec
from ompycord.entry_points import Registry
from ompycord.errors import ProcessFailed, ProgramLeadsOut, ProgramMissing
from ompycord.processes import Clocks, ProcessResult, ProcessSpec, ResourceLimits
from ompycord.processes.launcher_port import Launcher, Layout
from ompycord.processes.service_report import service_fault
from ompycord.telemetry import get_logger
from ompycord.text import cut

__all__ = ["LocalChecks"]

PYTHON: Final = "{python}"
_TAIL_LINES: Final = 20_000
_TAIL_LINE: Final = 500
"""The part of the output that is kept: unittest's closing lines and the names of what failed before them."""
_REPORT_BYTES: Final = 16 * 1024 * 1024
_TERM_S: Final = 5.0
_SENTENCE: Final = 300

log = get_logger(__name__)


class LocalChecks:
    """Checks on this machine."""

    def __init__(self, *, launcher: Launcher, parsers: Registry[CheckParser[Any]] = CHECK_PARSERS) -> None:
        self._launcher = launcher
        self._parsers = parsers

    async def run(
        self,
        run: RunId,
        check: CheckSpec,
        cwd: Path,
        probe: Probe | None = None,
        *,
        secrets: Sequence[str] = (),
        services: Sequence[ServiceSpec] = (),
        listener: Listener | None = None,
    ) -> CheckRun:
        """See the port. After `timeout_s` the whole tree is killed.

        A program that writes a report writes it beside the checkout.
        """
        command = tuple(word.replace(PYTHON, sys.executable) for word in check.command)
        limits = ResourceLimits.of(check)
        layout = Layout(
            cwd,
            network=check.network is True,
            listener=listener,
            variables=tuple(secrets),
            services=tuple(services),
            resource_limits=limits,
        )
        parser = parser_for(check, command, self._parsers)
        started = _Started(run=run, check=check, command=command, layout=layout, parser=parser)
        try:
            made = None if probe is None else await asyncio.to_thread(_arranged, started, probe)
            if made is not None and probe is not None:
                ran = await self._probed(started, made, probe)
                if ran is not None:
                    return ran
            return await self._plain(started)
        except _ServiceFailed as error:
            return CheckRun(finished=_not_run(check, "missing", error))
        except ProgramLeadsOut as error:
            return CheckRun(finished=_not_run(check, "error", error))
        except (ProcessFailed, OSError) as error:
            is_there = await asyncio.to_thread(cwd.is_dir)
            status = "missing" if isinstance(error, ProcessFailed) and is_there else "error"
            return CheckRun(finished=_not_run(check, status, error))

    async def _plain(self, started: "_Started") -> CheckRun:
        """Without a look into it: its output, its exit code, and the report that its parser has it write."""
        check, command, parser = started.check, started.command, started.parser
        reader = parser.reader(check.parser)
        report = started.layout.tmp / f"report-{check.name}"
        argv, env = (command, {}) if reader is None else reader.arrange(command, report)
        report.unlink(missing_ok=True)
        result, tail = await self._observe(started, argv, env)
        output = CheckOutput(
            lines=tail, exit_code=result.exit_code, report=partial(_read, report), is_cut=len(tail) == _TAIL_LINES
        )
        counts = None if reader is None else await asyncio.to_thread(_counts, reader, output)
        finished = verdict(check, command, CheckEnded(result=result, tail=tail, counts=counts), parser)
        tests = dict(counts.tests) if counts is not None and counts.tests else None
        return CheckRun(finished=finished, errors=errors_of(finished, counts, tail), tests=tests)

    async def _probed(self, started: "_Started", made: "_Arranged", probe: Probe) -> CheckRun | None:
        """With a canary; None where the runner does not take our program, so that nothing ran."""
        result, tail = await self._observe(started, made.argv, made.env)
        if result.exit_code and any(made.program.stem in line for line in tail) and not made.report.exists():
            return None
        raw = await asyncio.to_thread(_read, made.report)
        reported = read_report(raw or b"", made.name)
        ended = CheckEnded(result=result, tail=tail, counts=reported.counts if reported.tests else None)
        finished = probed_verdict(started.check, started.command, ended, started.parser, reported, probe)
        return CheckRun(
            finished=finished,
            errors=errors_of(finished, reported.counts, tail),
            tests=reported.tests,
            canary=reported.canary,
            unfailing=reported.unfailing,
        )

    async def compare(self, checks: Sequence[CheckSpec], trees: ResultTrees) -> Comparison:
        """See the port."""
        from ompycord.checks.evidence.compare import compare  # a bot at rest needs none of it

        return await compare(checks, trees)

    async def _observe(
        self, started: "_Started", argv: tuple[str, ...], env: dict[str, str]
    ) -> tuple[ProcessResult, list[str]]:
        check, layout = started.check, started.layout
        proxied: dict[str, str] = {} if layout.listener is None else dict(layout.listener.environment)
        spec = ProcessSpec(argv=argv, env={**proxied, **env}, cwd=layout.tree, marker=started.run)
        tail: deque[str] = deque(maxlen=_TAIL_LINES)
        wall_s = check.timeout_s + 2 * sum(one.ready_s for one in layout.services)
        clocks = Clocks(wall_s=wall_s, idle_s=wall_s, term_s=_TERM_S)
        async with self._launcher.start(spec, layout, clocks=clocks) as process:
            async for line in process.lines():
                tail.append(line.text[:_TAIL_LINE])
            result = await process.wait()
            fault = await asyncio.to_thread(service_fault, layout)
        if fault is not None:
            raise _ServiceFailed(f"the service {fault.service} did not get ready: {fault.detail}")
        return result, list(tail)


class _ServiceFailed(Exception):
    """Raised where a service did not get ready, so that the check did not run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Started:
    """One check in one checkout."""

    run: RunId
    check: CheckSpec
    command: tuple[str, ...]
    layout: Layout
    parser: CheckParser[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Arranged:
    """A check's command with our program in it."""

    argv: tuple[str, ...]
    env: dict[str, str]
    program: Path
    report: Path
    name: str
    """The canary's."""


def _arranged(started: _Started, probe: Probe) -> _Arranged | None:
    """The check's command with a probe; None where its runner has none, or this command of it."""
    if started.parser.probe is None:
        return None
    runner = started.parser.probe()
    program, report = runner.write(started.layout.tmp, probe)
    made = runner.arrange(started.command, program)
    if made is None:
        program.unlink()
        return None
    return _Arranged(argv=made[0], env=made[1], program=program, report=report, name=runner.name)


def _not_run(check: CheckSpec, status: Literal["error", "missing"], error: Exception) -> CheckFinished:
    words = f"{error.program} is not installed here" if isinstance(error, ProgramMissing) else str(error)
    return CheckFinished(check=check.name, status=status, detail=cut(words, _SENTENCE))


def _counts(reader: OutputParser, output: CheckOutput) -> Counts | None:
    """The parser's counts; none where the parser fails, since what it would have read is an agent's."""
    try:
        return reader.count(output)
    except Exception:  # a parser may be another distribution's, and its input is hostile
        log.exception("check.parser_failed", parser=type(reader).__name__)
        return None


def _read(report: Path) -> bytes | None:
    """The report; None where there is none (a killed pytest writes none), or it is no regular file."""
    try:
        descriptor = os.open(report, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        raw = file.read(_REPORT_BYTES + 1)
    return raw if len(raw) <= _REPORT_BYTES else None
