"""Pure: what a test run counted, read from unittest's closing lines.

`junit.py` reads reports, `verdict.py` judges both.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from ompycord.domain.checking.probe import TestStatus

__all__ = ["ERRORS_KEPT", "NAME", "NAMES_KEPT", "NAMES_LISTED", "Counts", "NamedEnds", "unittest_counts"]

NAMES_LISTED: Final = 20
"""The most that `events.CheckFinished.failing` takes."""
NAME: Final = 500
NAMES_KEPT: Final = 50_000
"""Tests that are told apart; of more nothing is said by name."""
ERRORS_KEPT: Final = 10
"""The most that `events.ChecksErred` takes."""

_RAN: Final = re.compile(r"Ran (\d{1,9}) tests? in ")
_CLOSING: Final = re.compile(r"(OK|FAILED|NO TESTS RAN)(?: \((.{1,200})\))?")
_BAD_TEST: Final = re.compile(r"(?:FAIL|ERROR): (.+)")
_WORST: Final[dict[TestStatus, int]] = {"passed": 0, "skipped": 1, "failed": 2}
_RULE: Final = re.compile(r"[=-]{20,}")
_FAILED: Final = ("failures", "errors", "unexpected successes")


@dataclass(slots=True)
class Counts:
    """Tests by how they ended."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    failing: list[str] = field(default_factory=list[str])
    """The names of the first failed ones."""
    tests: dict[str, TestStatus] = field(default_factory=dict[str, TestStatus])
    """Every test by name, where the report names them."""
    errors: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    """Names and errors of the first failed ones, as the runner printed them."""


class NamedEnds:
    """Collects how tests of one run ended, by name; of one that ended twice the worse end counts."""

    def __init__(self) -> None:
        self._tests: dict[str, TestStatus] = {}
        self._errors: dict[str, str] = {}

    @property
    def is_empty(self) -> bool:
        return not self._tests

    def has_failed(self, prefix: str) -> bool:
        """Whether a test failed whose name begins so."""
        return any(name.startswith(prefix) and status == "failed" for name, status in self._tests.items())

    def add(self, name: str, status: TestStatus, error: str = "") -> None:
        """One end; more tests than are told apart are counted as the last one."""
        name = name[:NAME]
        if name not in self._tests and len(self._tests) >= NAMES_KEPT:
            return
        self._tests[name] = max(self._tests.get(name, "passed"), status, key=_WORST.__getitem__)
        if status == "failed":
            self._errors.setdefault(name, error)

    def counted(self, *, is_whole: bool = True) -> Counts | None:
        """The counts; None where no test ended. Where not all was seen the names say nothing of what is missing."""
        if not self._tests:
            return None
        failed = [name for name, status in self._tests.items() if status == "failed"]
        return Counts(
            passed=sum(status == "passed" for status in self._tests.values()),
            failed=len(failed),
            skipped=sum(status == "skipped" for status in self._tests.values()),
            failing=failed[:NAMES_LISTED],
            tests=dict(self._tests) if is_whole and len(self._tests) < NAMES_KEPT else {},
            errors=[(name, self._errors.get(name, "")) for name in failed[:ERRORS_KEPT]],
        )


def unittest_counts(lines: Sequence[str]) -> Counts | None:
    """The counts in unittest's last closing lines: `Ran 4 tests in 0.001s`, then `FAILED (failures=1, skipped=2)`.

    None where they are missing. Expected failures count as passed, unexpected successes as failed.
    """
    ran = next((i for i in range(len(lines) - 1, -1, -1) if _RAN.match(lines[i])), None)
    if ran is None:
        return None
    closing = next((found for line in lines[ran + 1 :] if (found := _CLOSING.fullmatch(line.strip()))), None)
    if closing is None:
        return None
    number = int(lines[ran].split()[1])
    parts = dict(_part(part) for part in (closing.group(2) or "").split(", ") if "=" in part)
    failed = sum(parts.get(name, 0) for name in _FAILED)
    skipped = parts.get("skipped", 0)
    if closing.group(1) == "FAILED":
        failed = max(failed, 1)
    errors = _errors(lines[:ran])
    names = [name for name, _ in errors]
    passed = max(number - failed - skipped, 0)
    return Counts(
        passed=passed, failed=failed, skipped=skipped, failing=names[:NAMES_LISTED], errors=errors[:ERRORS_KEPT]
    )


def _errors(lines: Sequence[str]) -> list[tuple[str, str]]:
    """Name and text of each failed test that unittest prints below a line of `=`."""
    found: list[tuple[str, list[str]]] = []
    for line in lines:
        if bad := _BAD_TEST.fullmatch(line.strip()):
            found.append((bad.group(1)[:NAME], []))
        elif found and not _RULE.fullmatch(line.strip()):
            found[-1][1].append(line)
    return [(name, "\n".join(text).strip()) for name, text in found]


def _part(text: str) -> tuple[str, int]:
    name, _, number = text.partition("=")
    return name, int(number) if number.isascii() and number.isdigit() else 0
