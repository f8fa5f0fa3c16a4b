"""How much attention each changed file of a result asks for, by fixed rules over paths, sizes and lines; pure.

Counterpart: `render/forge/review_guide.py`, which puts it into words. It approves nothing.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from enum import IntEnum
from typing import Final

from ompycord.domain.base import Frozen
from ompycord.domain.events import ChangedEvidence, ChangedFile

__all__ = ["FilePart", "FileRisk", "Risk", "is_prose", "public_names", "risks"]

LARGE: Final = 200
"""Changed lines of one file from which its size alone is a reason to look twice."""
_PER_FILE: Final = 5

_MIGRATION: Final = re.compile(r"(^|/)(migrations?|alembic/versions|db/migrate)/|\.sql$", re.IGNORECASE)
_PIPELINE: Final = re.compile(r"^\.github/|^\.gitlab-ci|^\.circleci/|(^|/)(Jenkinsfile|Dockerfile|Makefile)$|\.tf$")
_MANIFEST: Final = re.compile(
    r"(^|/)(pyproject\.toml|setup\.(py|cfg)|requirements[^/]*\.(txt|in|lock)|package\.json|go\.mod|Cargo\.toml|Gemfile)$"
)
_LOCK: Final = re.compile(
    r"(^|/)(package-lock\.json|yarn\.lock|pnpm-lock\.yaml|uv\.lock|poetry\.lock|Cargo\.lock|go\.sum)$"
)
_TEST: Final = re.compile(r"(^|/)(tests?|spec|__tests__)/|(^|/)(test_[^/]*|[^/]*_test|[^/]*\.(test|spec))\.[a-z]+$")
_PROSE: Final = r"(?<!CMakeLists)\.(md|rst|txt|adoc)$|(^|/)(README|LICEN[CS]E|COPYING|NOTICE|AUTHORS|CHANGELOG)$"
_TEXT: Final = re.compile(rf"{_PROSE}|(^|/)(docs?|LICENSE|CHANGELOG)/", re.IGNORECASE)
_STORED: Final = "Whether stored data may be changed so, and back again"
_BUILT: Final = "Whether it may be built or delivered so"
_WANTED: Final = "Whether these dependencies are wanted"
_PUBLIC: Final = (
    re.compile(r"^(?:async )?def ([A-Za-z][A-Za-z0-9_]*)|^class ([A-Za-z][A-Za-z0-9_]*)"),
    re.compile(r"^export (?:default )?(?:async )?(?:function|class|const|let|interface|type|enum) ([A-Za-z_$][\w$]*)"),
    re.compile(r"^func (?:\([^)]*\) )?([A-Z]\w*)"),
    re.compile(r"^pub (?:async )?(?:fn|struct|enum|trait|const|type) (\w+)"),
)
"""A name at the left edge that others can use: Python, JavaScript and TypeScript, Go, Rust."""
_HEADER: Final = re.compile(r'^diff --git (?:"?a/.*?"?) "?b/(.*?)"?$')


class Risk(IntEnum):
    """How much attention a file asks for."""

    LOW = 0
    MEDIUM = 1
    HIGH = 2


class FilePart(IntEnum):
    """What a file is, in the order in which it is read."""

    CHECKS = 0
    """It defines how the result is checked."""
    DATA = 1
    """It changes stored data, or how the software is built and delivered."""
    DEPENDENCIES = 2
    SOURCES = 3
    TESTS = 4
    TEXTS = 5
    LOCKS = 6
    """Made by a program."""


_BY_PATH: Final = (
    (_MIGRATION, FilePart.DATA, Risk.HIGH, "changes stored data", _STORED),
    (_PIPELINE, FilePart.DATA, Risk.HIGH, "decides how it is built or delivered", _BUILT),
    (_MANIFEST, FilePart.DEPENDENCIES, Risk.HIGH, "names dependencies", _WANTED),
    (_LOCK, FilePart.LOCKS, Risk.LOW, "made by a program", None),
    (_TEST, FilePart.TESTS, Risk.LOW, "", None),
    (_TEXT, FilePart.TEXTS, Risk.LOW, "", None),
)
"""The first that fits; an existing test that was changed comes after those that programs made."""


def is_prose(path: str) -> bool:
    """Whether a file is text for people by its name, in no language that a program could parse."""
    return re.search(_PROSE, path, re.IGNORECASE) is not None


class FileRisk(Frozen):
    """A changed file, and why."""

    path: str
    part: FilePart
    risk: Risk
    reasons: tuple[str, ...] = ()
    decision: str | None = None
    """What of it a person decides, as a sentence without a full stop."""


def public_names(diff: str) -> dict[str, tuple[str, ...]]:
    """Names that others can use, of which a line was removed or changed, by path."""
    found: dict[str, list[str]] = {}
    path = ""
    for line in diff.splitlines():
        if header := _HEADER.match(line):
            path = header[1]
        elif line.startswith("-") and not line.startswith("---"):
            found.setdefault(path, []).extend(_names(line[1:]))
    return {path: tuple(dict.fromkeys(names)) for path, names in found.items() if names}


def _names(line: str) -> Iterable[str]:
    for pattern in _PUBLIC:
        if match := pattern.match(line):
            name = next(group for group in match.groups() if group)
            if not name.startswith("_"):
                yield name


def risks(
    files: Sequence[ChangedFile], evidence: Sequence[ChangedEvidence], names: Mapping[str, Sequence[str]]
) -> tuple[FileRisk, ...]:
    """Every file in the order in which it is read: by part, then the riskiest and the largest first."""
    touched = {change.path: change.what for change in evidence}
    judged = [(_judged(file, touched.get(file.path), names.get(file.path, ())), _size(file)) for file in files]
    judged.sort(key=lambda pair: (pair[0].part, -pair[0].risk, -pair[1], pair[0].path))
    return tuple(one for one, _ in judged)


def _judged(file: ChangedFile, what: str | None, names: Sequence[str]) -> FileRisk:
    part, risk, reasons, decision = _kind(file, what)
    if part is FilePart.SOURCES and names:
        shown = ", ".join(names[:_PER_FILE]) + (f" and {len(names) - _PER_FILE} more" if len(names) > _PER_FILE else "")
        reasons.append(f"changes names that others use: {shown}")
        risk = max(risk, Risk.MEDIUM)
        if file.status == "deleted":
            risk = Risk.HIGH
    if part in {FilePart.SOURCES, FilePart.CHECKS, FilePart.DATA} and _size(file) >= LARGE:
        reasons.append(f"{_size(file)} lines")
        risk = max(risk, Risk.MEDIUM)
    if file.added is None and part is not FilePart.LOCKS:
        reasons.append("not text, so no diff shows it")
        risk = max(risk, Risk.MEDIUM)
    return FileRisk(path=file.path, part=part, risk=risk, reasons=tuple(reasons), decision=decision)


def _kind(file: ChangedFile, what: str | None) -> tuple[FilePart, Risk, list[str], str | None]:
    if what is not None and not what.startswith("test_"):
        return FilePart.CHECKS, Risk.HIGH, ["defines how it is checked"], "Whether the checks may change"
    for pattern, part, risk, reason, decision in _BY_PATH:
        if pattern.search(file.path):
            return part, risk, [reason] if reason else [], decision
        if part is FilePart.LOCKS and what is not None:
            return FilePart.TESTS, Risk.HIGH, ["an existing test is changed"], "Whether the existing tests may change"
    return FilePart.SOURCES, Risk.LOW, [], None


def _size(file: ChangedFile) -> int:
    return (file.added or 0) + (file.removed or 0)
