"""In words: what a result changed of existing tests and of what defines its checks, and what other runs showed of it.

Counterpart of `events.ChangedEvidence` and `events.CheckProved`; used by the card's fields and by its first sentence.
"""

from collections.abc import Sequence
from typing import Final

from ompycord.domain.checking.guard_words import finding_words
from ompycord.domain.events import ChangedEvidence, CheckProved
from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.render.cards.preparation import service_names
from ompycord.render.phrases import and_list, count
from ompycord.render.sanitizer import Sanitizer

__all__ = ["evidence_line", "evidence_summary", "proof_lines", "refused_lines"]

_PATH: Final = 100
_NAME: Final = 120
_TEST: Final = 60
_PATHS: Final = 3
_FINDING: Final = 200
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
    "suppression": ("asks a check to look away", "{} ({})"),
}
"""By `ChangedEvidence.what`: the words, and how its name is put to them."""


def evidence_line(change: ChangedEvidence, sanitizer: Sanitizer) -> str:
    """`⚠ tests/test_total.py: existing tests removed (test_tax)`."""
    words, with_name = _WORDS[change.what]
    name = sanitizer.line(change.name, _NAME) if change.name and change.name.strip() else ""
    mark = "▫" if change.put_back else "⚠"
    return f"{mark} {sanitizer.line(change.path, _PATH)}: {with_name.format(words, name) if name else words}"


def proof_lines(snapshot: StatusSnapshot, sanitizer: Sanitizer) -> list[str]:
    """What stands behind each check of ours, a line each: `unittest: canary seen · passes with the base's tests`."""
    lines: list[str] = []
    for check in snapshot.checks:
        parts = [] if check.proof is None else _proof_parts(check.proof, sanitizer)
        if parts:
            lines.append(f"{sanitizer.line(check.name, _NAME)}: {' · '.join(parts)}")
    services = service_names(snapshot, sanitizer) if lines else ""
    return [
        *lines,
        *((f"with {services}, empty at each start",) if services else ()),
        *_not_parsed(snapshot, sanitizer),
    ]


def refused_lines(snapshot: StatusSnapshot, sanitizer: Sanitizer) -> list[str]:
    """Why the guard did not take the last result, a line each: `⚠ cart.py line 3 does not parse: invalid syntax`."""
    if snapshot.guard is None:
        return []
    more = snapshot.guard.total - len(snapshot.guard.findings)
    lines = [f"⚠ {sanitizer.line(finding_words(one), _FINDING)}" for one in snapshot.guard.findings]
    return [*lines, *((f"and {more} more",) if more > 0 else ())]


def _not_parsed(snapshot: StatusSnapshot, sanitizer: Sanitizer) -> list[str]:
    """The changed files of which no syntax was checked."""
    if snapshot.guard is None or not snapshot.guard.not_checked:
        return []
    paths = [sanitizer.line(path, _PATH) for path in snapshot.guard.not_checked[:_PATHS]]
    more = snapshot.guard.not_checked_total - len(paths)
    return [f"syntax not checked: {and_list([*paths, *((f'{more} more',) if more > 0 else ())])}"]


def _proof_parts(proof: CheckProved, sanitizer: Sanitizer) -> list[str]:
    hidden = f"⚠ {sanitizer.line(proof.lie or 'something hid a failing test', _NAME)}"
    canary = {"seen": "canary seen", "hidden": hidden, None: "exit code only" if proof.with_base else ""}[proof.canary]
    named = _some(proof.with_base_failing, sanitizer)
    base = {
        "same": "",
        "passed": "passes with the base's tests",
        "failed": f"⚠ fails with the base's tests{f': {named}' if named else ''}",
        None: "",
    }[proof.with_base]
    lost = _some(proof.lost, sanitizer)
    new = f"{count(proof.new_total, 'new test')}" if proof.new_total else ""
    green = f", {len(proof.new_green)} pass without the change" if proof.new_green else ", red without the change"
    before = f" (in {count(proof.unstable_before, 'run')} before, too)" if proof.unstable_before else ""
    return [
        part
        for part in (
            f"{count(proof.base_tests, 'test')} before" if proof.base_tests else "",
            canary,
            base,
            f"⚠ {proof.lost_total} of the base's tests gone or skipped{f': {lost}' if lost else ''}"
            if proof.lost_total
            else "",
            f"{new}{green}" if new else "",
            f"⚠ unstable: {_some(proof.unstable, sanitizer)}{before}" if proof.unstable else "",
            "red on the base, too" if proof.only_old else _old(proof),
        )
        if part
    ]


def _old(proof: CheckProved) -> str:
    return f"{count(len(proof.old_failing), 'test')} red on the base, too" if proof.old_failing else ""


def _some(names: Sequence[str], sanitizer: Sanitizer) -> str:
    return and_list([sanitizer.line(name, _TEST) for name in names], most=2) if names else ""


def evidence_summary(snapshot: StatusSnapshot, sanitizer: Sanitizer) -> str:
    """`existing tests were changed: tests/test_total.py`, without a full stop; empty where nothing was."""
    if not snapshot.evidence:
        return ""
    kinds = {change.what.partition("_")[0] for change in snapshot.evidence}
    tests = "existing tests" if "test" in kinds else ""
    runs = "how checks run" if kinds & {"check", "shadow", "compiled"} else ""
    changed = and_list([part for part in (tests, runs) if part])
    verb = "were" if tests else "was"
    parts = [
        f"{changed} {verb} changed" if changed else "",
        "code acts on the test run" if "answer" in kinds else "",
        "code asks checks to look away" if "suppression" in kinds else "",
    ]
    paths = list(dict.fromkeys(sanitizer.line(change.path, _PATH) for change in snapshot.evidence))
    number = len(paths) + max(snapshot.evidence_total - len(snapshot.evidence), 0)
    named = paths if number <= _PATHS else [*paths[: _PATHS - 1], f"{number - _PATHS + 1} more"]
    return f"{and_list([part for part in parts if part])}: {and_list(named)}"
