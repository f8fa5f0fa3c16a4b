"""Pure: how a check's end becomes its result; green only where something was proved. Its caller is `local.py`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from ompycord.checks.counts import Counts
from ompycord.checks.parser import CheckParser
from ompycord.checks.probes.probe import Reported
from ompycord.checks.python_command import is_python, python_module
from ompycord.domain.checking.probe import Probe
from ompycord.domain.events import CheckFinished
from ompycord.domain.repository import CheckSpec
from ompycord.processes import Outcome, ProcessResult
from ompycord.text import clean, cut

__all__ = ["CheckEnded", "probed_verdict", "verdict"]

Status = Literal["passed", "failed", "error", "timeout", "missing"]

_NO_MODULE: Final = re.compile(r"(.{1,1000}): No module named '?([\w.]+)'?")
"""The error as `python -m` itself reports it; a traceback of the tested code has the error's name in front."""
_DETAIL: Final = 300


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckEnded:
    """How the command of a check ended."""

    result: ProcessResult
    tail: Sequence[str]
    """Its last lines."""
    counts: Counts | None
    """None where nothing could be read."""


def verdict(spec: CheckSpec, command: Sequence[str], ended: CheckEnded, parser: CheckParser[Any]) -> CheckFinished:
    """The result of a check that was started; `parser` counted it."""
    status, detail = _judge(spec, command, ended, parser)
    counts = ended.counts
    return CheckFinished(
        check=spec.name,
        status=status,
        passed=counts.passed if counts else None,
        failed=counts.failed if counts else None,
        skipped=counts.skipped if counts else None,
        duration_ms=round(ended.result.duration_s * 1000),
        detail=cut(clean(" ".join(detail.split())), _DETAIL) or None,
        failing=tuple(clean(name) for name in counts.failing) if counts else (),
    )


def probed_verdict(
    spec: CheckSpec,
    command: Sequence[str],
    ended: CheckEnded,
    parser: CheckParser[Any],
    reported: Reported,
    probe: Probe,
) -> CheckFinished:
    """The result of a check that ran with a canary: what else ended well is a lie where the canary did not as it must.

    One that fails makes the runner fail, which is no failure of the check.
    """
    result = ended.result
    exited = result.outcome is Outcome.EXITED and result.exit_code is not None
    if probe.canary == "fails" and exited and reported.canary == "failed":
        if result.exit_code == 0:
            return _lie(spec, result, "it ended with exit code 0 although a test failed")
        if result.exit_code == 1 and not reported.counts.failed:
            ended = replace(ended, result=result.model_copy(update={"exit_code": 0}))
    finished = verdict(spec, command, ended, parser)
    if not exited or finished.status not in {"passed", "error"}:
        return finished
    if reported.unfailing:
        return _lie(spec, result, f"{', '.join(reported.unfailing)} no longer fails in its process")
    expected = "passed" if probe.canary == "passes" else "failed"
    if reported.canary != expected and (result.exit_code == 0 or reported.tests):
        return _lie(spec, result, "the last test, which Ompycord added, did not end as it must")
    return finished


def _lie(spec: CheckSpec, result: ProcessResult, detail: str) -> CheckFinished:
    return CheckFinished(check=spec.name, status="error", duration_ms=round(result.duration_s * 1000), detail=detail)


def _judge(spec: CheckSpec, command: Sequence[str], ended: CheckEnded, parser: CheckParser[Any]) -> tuple[Status, str]:
    result = ended.result
    if result.outcome in (Outcome.WALL_TIMEOUT, Outcome.IDLE_TIMEOUT):
        return "timeout", f"not done within {spec.timeout_s:g} s"
    if result.outcome is not Outcome.EXITED:
        return "error", _how_it_was_ended(result)
    if result.exit_code is None:
        return "error", f"ended by signal {result.signal}"
    missing = _missing_module(command, ended.tail)
    if result.exit_code and missing:
        return "missing", f"{missing} is not installed here"
    if parser.parser is None:
        return (
            ("passed", _last(ended.tail)) if result.exit_code == 0 else ("failed", _exit(result.exit_code, ended.tail))
        )
    return _by_counts(parser, result.exit_code, ended)


def _how_it_was_ended(result: ProcessResult) -> str:
    if result.outcome is Outcome.OVER_LIMIT:
        return f"it {result.over_limit} and was ended"
    return "it wrote more than can be read" if result.outcome is Outcome.OUTPUT_LIMIT else "it was stopped"


def _by_counts(parser: CheckParser[Any], code: int, ended: CheckEnded) -> tuple[Status, str]:
    """Exit code and counts must agree on green; a red of either is red."""
    if code in parser.never_green:
        return "error", parser.never_green[code]
    counts = ended.counts
    if counts is None:
        return "error", f"no test result could be read; {_exit(code, ended.tail)}"
    detail = f"{counts.passed} passed, {counts.failed} failed, {counts.skipped} skipped"
    if counts.failed:
        return "failed", detail
    if counts.passed + counts.skipped == 0:
        return "error", "no test ran"
    if counts.passed == 0:
        return "error", f"every test was skipped ({counts.skipped})"
    if code:
        return "failed", f"{detail}, yet {_exit(code, ended.tail)}"
    return "passed", detail


def _missing_module(command: Sequence[str], tail: Sequence[str]) -> str | None:
    """The module that `python -m` did not find: the tool itself, not an import of the tested code."""
    module = python_module(command)
    matches = (_NO_MODULE.fullmatch(line.strip()) for line in tail)
    named = {found.group(2) for found in matches if found and is_python(found.group(1))}
    return module if module in named else None


def _exit(code: int, tail: Sequence[str]) -> str:
    last = _last(tail)
    return f"exit code {code}: {last}" if last else f"exit code {code}"


def _last(tail: Sequence[str]) -> str:
    return next((line.strip() for line in reversed(tail) if line.strip()), "")
