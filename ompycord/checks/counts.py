"""Pure: what a test run counted, read from pytest's JUnit report or unittest's closing lines; its reader is `verdict.py`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat

__all__ = ["NAMES_LISTED", "Counts", "junit_counts", "unittest_counts"]

NAMES_LISTED: Final = 20
"""`events.CheckFinished.failing` takes no more."""
_NAME: Final = 500

_RAN: Final = re.compile(r"Ran (\d{1,9}) tests? in ")
_CLOSING: Final = re.compile(r"(OK|FAILED|NO TESTS RAN)(?: \((.{1,200})\))?")
_BAD_TEST: Final = re.compile(r"(?:FAIL|ERROR): (.+)")
_FAILED: Final = ("failures", "errors", "unexpected successes")


@dataclass(slots=True)
class Counts:
    """Tests by how they ended."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    failing: list[str] = field(default_factory=list[str])
    """The names of the first failed ones."""


class _Report:
    """Follows a JUnit report's elements; a test case counts once, by the worst that is said of it."""

    def __init__(self) -> None:
        self.counts = Counts()
        self._depth_of_case = 0
        self._depth = 0
        self._name = ""
        self._is_failed = self._is_skipped = False
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.StartDoctypeDeclHandler = self._no_doctype

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if tag == "testcase" and not self._depth_of_case:
            self._depth_of_case = self._depth
            self._name = "::".join(filter(None, (attributes.get("classname"), attributes.get("name"))))
            self._is_failed = self._is_skipped = False
        elif self._depth_of_case and tag in ("failure", "error"):
            self._is_failed = True
        elif self._depth_of_case and tag == "skipped":
            self._is_skipped = True

    def _end(self, tag: str) -> None:
        if self._depth == self._depth_of_case:
            self._depth_of_case = 0
            self._count()
        self._depth -= 1

    def _count(self) -> None:
        if self._is_failed:
            self.counts.failed += 1
            if len(self.counts.failing) < NAMES_LISTED:
                self.counts.failing.append(self._name[:_NAME])
        elif self._is_skipped:
            self.counts.skipped += 1
        else:
            self.counts.passed += 1

    def _no_doctype(self, *_: object) -> None:
        raise ValueError("a report with a document type, where entities could hide")


def junit_counts(raw: bytes) -> Counts | None:
    """What a JUnit report says; None for what is none. The caller bounds its size; entities are never expanded."""
    report = _Report()
    try:
        report.parser.Parse(raw, True)
    except (expat.ExpatError, ValueError):
        return None
    return report.counts


def unittest_counts(lines: Sequence[str]) -> Counts | None:
    """What unittest's last closing lines say: `Ran 4 tests in 0.001s`, then `FAILED (failures=1, skipped=2)`.

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
    names = [found.group(1)[:_NAME] for line in lines[:ran] if (found := _BAD_TEST.fullmatch(line.strip()))]
    passed = max(number - failed - skipped, 0)
    return Counts(passed=passed, failed=failed, skipped=skipped, failing=names[:NAMES_LISTED])


def _part(text: str) -> tuple[str, int]:
    name, _, number = text.partition("=")
    return name, int(number) if number.isascii() and number.isdigit() else 0
