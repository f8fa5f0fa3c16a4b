"""Pure: what a JUnit report counts, as pytest and many others write it.

A module of its own, since a bot at rest needs no XML (bench footprint).
"""

from typing import Final
from xml.parsers import expat

from ompycord.checks.counts import ERRORS_KEPT, NAME, NAMES_KEPT, NAMES_LISTED, Counts

__all__ = ["junit_counts"]


_ERROR: Final = 16_000
"""Characters of one failure that are read."""


class _Report:
    """Follows a JUnit report's elements; a test case counts once, by its worst result."""

    def __init__(self) -> None:
        self.counts = Counts()
        self._depth_of_case = 0
        self._depth = 0
        self._name = ""
        self._is_failed = self._is_skipped = self._reads_error = False
        self._error: list[str] = []
        self._error_room = 0
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.StartDoctypeDeclHandler = self._no_doctype

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if tag == "testcase" and not self._depth_of_case:
            self._depth_of_case = self._depth
            self._name = "::".join(filter(None, (attributes.get("classname"), attributes.get("name"))))
            self._is_failed = self._is_skipped = False
            self._error, self._error_room = [], _ERROR
        elif self._depth_of_case and tag in ("failure", "error"):
            self._is_failed = self._reads_error = True
            self._text(attributes.get("message", "") + "\n")
        elif self._depth_of_case and tag == "skipped":
            self._is_skipped = True

    def _text(self, text: str) -> None:
        if self._reads_error and self._error_room > 0:
            self._error.append(text[: self._error_room])
            self._error_room -= len(text)

    def _end(self, tag: str) -> None:
        if tag in ("failure", "error"):
            self._reads_error = False
        if self._depth == self._depth_of_case:
            self._depth_of_case = 0
            self._count()
        self._depth -= 1

    def _count(self) -> None:
        status = "failed" if self._is_failed else "skipped" if self._is_skipped else "passed"
        if len(self.counts.tests) < NAMES_KEPT:
            self.counts.tests[self._name[:NAME]] = status
        if self._is_failed:
            self.counts.failed += 1
            if len(self.counts.failing) < NAMES_LISTED:
                self.counts.failing.append(self._name[:NAME])
            if len(self.counts.errors) < ERRORS_KEPT:
                self.counts.errors.append((self._name[:NAME], "".join(self._error).strip()))
        elif self._is_skipped:
            self.counts.skipped += 1
        else:
            self.counts.passed += 1

    def _no_doctype(self, *_: object) -> None:
        raise ValueError("a report with a document type, where entities could hide")


def junit_counts(raw: bytes) -> Counts | None:
    """The counts of a JUnit report; None for what is none. The caller bounds its size; entities are never expanded."""
    report = _Report()
    try:
        report.parser.Parse(raw, True)
    except (expat.ExpatError, ValueError):
        return None
    return report.counts
