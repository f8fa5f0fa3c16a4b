"""Starts a runner with a canary, a selection and a report as it goes, and reads what it reported.

Counterparts: the programs beside it, which run in the checked repository's Python.
"""

import json
import secrets
import shlex
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

from ompycord.checks.counts import NAME, Counts, NamedEnds
from ompycord.checks.python_command import is_python
from ompycord.domain.checking.probe import Canary, Probe, TestStatus

__all__ = ["PytestProbe", "Reported", "RunnerProbe", "UnittestProbe", "read_report"]

_HERE: Final = Path(__file__).parent
_REPLACED: Final = 'NAME, FAILS, REPORT, ONLY = "test_canary", False, "", None  # replaced'


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """What a probe's report says; the canary is counted nowhere."""

    counts: Counts
    tests: dict[str, TestStatus]
    canary: Canary
    unfailing: tuple[str, ...] = ()
    """Assertions that do not fail any more."""


@dataclass(frozen=True, slots=True)
class RunnerProbe(ABC):
    """One start of a runner with a probe. Its names are random: the product cannot know them beforehand."""

    program: str
    """The file of its program, beside this one."""
    token: str = field(default_factory=lambda: secrets.token_hex(6))

    @property
    def name(self) -> str:
        """The canary's."""
        return f"test_{self.token}"

    def write(self, folder: Path, probe: Probe) -> tuple[Path, Path]:
        """Writes the program into `folder`, which it makes; the program and the report that will be written."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        report = folder / f"report-{self.token}.jsonl"
        only = None if probe.only is None else sorted(probe.only)
        constants = f"NAME, FAILS, REPORT, ONLY = {self.name!r}, {probe.canary == 'fails'}, {str(report)!r}, {only!r}"
        text = (_HERE / self.program).read_text(encoding="utf-8")
        program = folder / f"probe_{self.token}.py"
        program.write_text(text.replace(_REPLACED, constants), encoding="utf-8")
        return program, report

    @abstractmethod
    def arrange(self, command: tuple[str, ...], program: Path) -> tuple[tuple[str, ...], dict[str, str]] | None:
        """The command and the variables with which the runner has the program; None where it cannot."""


class PytestProbe(RunnerProbe):
    """A plug-in, named on pytest's own command line or, behind another command, by a variable."""

    def arrange(self, command: tuple[str, ...], program: Path) -> tuple[tuple[str, ...], dict[str, str]] | None:
        if _ignores_variables(command):
            return None
        env = {"PYTHONPATH": str(program.parent)}
        plugin = ("-p", program.stem)
        if not _starts(command, "pytest"):
            return command, {**env, "PYTEST_ADDOPTS": shlex.join(plugin)}
        at = command.index("--") if "--" in command else len(command)
        return (*command[:at], *plugin, *command[at:]), env


class UnittestProbe(RunnerProbe):
    """A program in place of `-m unittest`."""

    def arrange(self, command: tuple[str, ...], program: Path) -> tuple[tuple[str, ...], dict[str, str]] | None:
        if not _starts(command, "unittest") or not is_python(command[0]):
            return None
        at = command.index("-m")
        return (*command[:at], str(program), *command[at + 2 :]), {}


def _starts(command: Sequence[str], module: str) -> bool:
    if Path(command[0]).name in (module, "py.test"):
        return True
    return is_python(command[0]) and "-m" in command[:-1] and command[command.index("-m") + 1] == module


def _ignores_variables(command: Sequence[str]) -> bool:
    """Whether Python was told to ignore PYTHONPATH."""
    options = command[1 : command.index("-m")] if is_python(command[0]) and "-m" in command else ()
    return any(word.startswith("-") and not word.startswith("--") and set("IE") & set(word) for word in options)


def read_report(raw: bytes, name: str) -> Reported:
    """What was reported until the end or until the process was killed; `name` is the canary's."""
    ends = NamedEnds()
    unfailing: list[str] = []
    canary: Canary = "missing"
    for fact in filter(None, map(_fact, raw.splitlines())):
        unfailing += [str(one)[:NAME] for one in cast("list[Any]", fact.get("unfailing", []))][:10]
        test, outcome = str(fact.get("id", "")), _STATUSES.get(str(fact.get("outcome")))
        if not test or outcome is None:
            continue
        if test.endswith(name):
            canary = "failed" if outcome == "failed" else "passed" if outcome == "passed" else "missing"
        else:
            ends.add(test, outcome, str(fact.get("error", "")))
    counts = ends.counted() or Counts()
    return Reported(counts=counts, tests=counts.tests, canary=canary, unfailing=tuple(unfailing))


_STATUSES: Final[dict[str, TestStatus]] = {"passed": "passed", "failed": "failed", "skipped": "skipped"}


def _fact(line: bytes) -> dict[str, Any] | None:
    """A line of the report; None for what a killed process left of one."""
    try:
        fact = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return cast("dict[str, Any]", fact) if isinstance(fact, dict) else None
