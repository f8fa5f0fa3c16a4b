"""The evidence of a pull request as a table: each check with its tests, the canary, and how it ended before; pure.

Counterpart of `cards/evidence.py`, which says the same in the lines of a card.
"""

from collections.abc import Sequence
from typing import Final

from ompycord.domain.events import CheckProved
from ompycord.domain.folds.snapshot import Check, StatusSnapshot
from ompycord.render.forge.quiet import code
from ompycord.render.phrases import and_list, count, duration

__all__ = ["changed_lines", "check_table"]

_NAME: Final = 80
_PATH: Final = 200
_STATUS: Final = {
    "passed": "✅ passed",
    "failed": "❌ failed",
    "timeout": "❌ time limit",
    "missing": "not run: its tool is missing",
    "error": "proved nothing",
    "running": "did not finish",
}
_CANARY: Final = {"seen": "canary seen", "hidden": "⚠ canary hidden", None: "exit code only"}
_WITH_BASE: Final = {
    "same": "tests as on the base",
    "passed": "passes with the base's tests",
    "failed": "⚠ fails with the base's tests",
    None: "",
}


def check_table(checks: Sequence[Check], most: int) -> str:
    """A row for each check that we ran."""
    rows = [
        "| check | result | tests | on the base | what stands behind it |",
        "|---|---|---|---|---|",
        *(_row(check) for check in checks[:most]),
    ]
    more = len(checks) - most
    return "\n".join(rows) + (f"\n\nand {count(more, 'more check')}" if more > 0 else "")


def changed_lines(snapshot: StatusSnapshot, most: int) -> list[str]:
    """What the result changed of tests and of what defines checks."""
    lines = [
        f"{code(change.path, _PATH)}: {change.what.replace('_', ' ')}"
        f"{f' ({code(change.name, _NAME)})' if change.name else ''}"
        for change in snapshot.evidence[:most]
    ]
    more = max(snapshot.evidence_total, len(snapshot.evidence)) - len(lines)
    return [*lines, *((f"and {count(more, 'more change')}",) if more > 0 else ())]


def _row(check: Check) -> str:
    result, proof = check.result, check.proof
    counts = f"{result.passed} passed, {result.failed or 0} failed" if result and result.passed is not None else "–"
    spent = f", {duration(result.duration_ms)}" if result and result.duration_ms is not None else ""
    before = f", {count(proof.base_tests, 'test')}" if proof is not None and proof.base_tests else ""
    base = f"{proof.base}{before}" if proof is not None and proof.base else "not known"
    behind = "; ".join(_behind(proof)) if proof is not None else "–"
    return f"| {code(check.name, _NAME)} | {_STATUS[check.status]}{spent} | {counts} | {base} | {behind} |"


def _behind(proof: CheckProved) -> list[str]:
    red_first = f"{len(proof.new_green)} of them pass without the change" if proof.new_green else "red without it"
    parts = [
        _CANARY[proof.canary],
        _WITH_BASE[proof.with_base],
        f"{count(proof.new_total, 'new test')}, {red_first}" if proof.new_total else "",
        f"⚠ {count(proof.lost_total, 'test')} of the base gone or skipped" if proof.lost_total else "",
        f"⚠ unstable: {_some(proof.unstable)}" if proof.unstable else "",
        f"red on the base, too: {_some(proof.old_failing)}" if proof.old_failing else "",
    ]
    return [part for part in parts if part]


def _some(names: Sequence[str]) -> str:
    return and_list([code(name, _NAME) for name in names], most=2)
