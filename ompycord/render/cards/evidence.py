"""In words: what a result changed of existing tests and of what defines its checks, so that a pass is no proof.

Counterpart of `events.ChangedEvidence`; used by the card's fields and by its first sentence.
"""

from typing import Final

from ompycord.domain.events import ChangedEvidence
from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.render.phrases import and_list
from ompycord.render.sanitizer import Sanitizer

__all__ = ["evidence_line", "evidence_summary"]

_PATH: Final = 100
_NAME: Final = 120
_PATHS: Final = 3
_WORDS: Final = {
    "test_removed": ("existing tests removed", "{} ({})"),
    "test_moved": ("existing tests moved", "{} to {}"),
    "test_linked": ("existing tests replaced by a link", "{} to {}"),
    "test_skipped": ("existing tests skipped or expected to fail", "{} ({})"),
    "test_changed": ("existing tests changed", "{} ({})"),
    "check_removed": ("part of how checks run, removed", "{} ({})"),
    "check_linked": ("part of how checks run, replaced by a link", "{} to {}"),
    "check_changed": ("part of how checks run, changed", "{} ({})"),
    "check_added": ("part of how checks run, new", "{} ({})"),
    "shadow": ("new, and loaded by what runs the tests", "{} as {}"),
    "compiled": ("compiled code, which cannot be read", "{} ({})"),
    "answer": ("acts on the test run", "{} ({})"),
}
"""By `ChangedEvidence.what`: the words, and how its name is put to them."""


def evidence_line(change: ChangedEvidence, sanitizer: Sanitizer) -> str:
    """`⚠ tests/test_total.py: existing tests removed (test_tax)`."""
    words, with_name = _WORDS[change.what]
    name = sanitizer.line(change.name, _NAME) if change.name and change.name.strip() else ""
    return f"⚠ {sanitizer.line(change.path, _PATH)}: {with_name.format(words, name) if name else words}"


def evidence_summary(snapshot: StatusSnapshot, sanitizer: Sanitizer) -> str:
    """`existing tests were changed: tests/test_total.py`, without a full stop; empty where nothing was."""
    if not snapshot.evidence:
        return ""
    kinds = {change.what.partition("_")[0] for change in snapshot.evidence}
    tests = "existing tests" if "test" in kinds else ""
    runs = "how checks run" if kinds & {"check", "shadow", "compiled"} else ""
    changed = and_list([part for part in (tests, runs) if part])
    verb = "were" if tests else "was"
    parts = [f"{changed} {verb} changed" if changed else "", "code acts on the test run" if "answer" in kinds else ""]
    paths = list(dict.fromkeys(sanitizer.line(change.path, _PATH) for change in snapshot.evidence))
    number = len(paths) + max(snapshot.evidence_total - len(snapshot.evidence), 0)
    named = paths if number <= _PATHS else [*paths[: _PATHS - 1], f"{number - _PATHS + 1} more"]
    return f"{and_list([part for part in parts if part])}: {and_list(named)}"
