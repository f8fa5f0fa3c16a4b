"""The review guide of a pull request: in which order to read, where to look twice, what a person decides; pure.

Counterpart of `domain/checking/review_risk.py`, whose fixed rules it puts into words. No model writes a word of it.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from ompycord.domain.checking.review_risk import FilePart, FileRisk, Risk, risks
from ompycord.domain.folds.snapshot import StatusSnapshot, Verification
from ompycord.domain.ports import ProposedChange
from ompycord.render.forge.quiet import code
from ompycord.render.phrases import and_list, count

__all__ = ["guide"]

_PATH: Final = 200
_NAME: Final = 80
_SHOWN: Final = {
    FilePart.CHECKS: "What defines the checks",
    FilePart.DATA: "Stored data, build, delivery",
    FilePart.DEPENDENCIES: "Dependencies",
    FilePart.SOURCES: "Sources",
    FilePart.TESTS: "Tests",
    FilePart.TEXTS: "Texts",
    FilePart.LOCKS: "Made by programs",
}
_RISK: Final = {Risk.HIGH: "**high**", Risk.MEDIUM: "medium", Risk.LOW: "low"}
_READS: Final = {
    "pytest": (".py",),
    "unittest": (".py",),
    "go": (".go",),
    "cargo": (".rs",),
    "jest": (".js", ".jsx", ".ts", ".tsx", ".mjs", ".cjs"),
    "vitest": (".js", ".jsx", ".ts", ".tsx", ".mjs", ".cjs"),
}
"""Which files the tests of a parser run."""


def guide(snapshot: StatusSnapshot, change: ProposedChange, *, rows: int, parsers: Mapping[str, str]) -> Iterator[str]:
    """Its paragraphs on `change`; none where nothing was changed. `parsers`: the kind of each check, by its name."""
    judged = risks(change.files, snapshot.evidence, change.names)
    if not judged:
        return
    yield "### Review guide"
    yield "By fixed rules, from paths, sizes and the diff. It approves nothing."
    yield "\n".join(_table(snapshot, change, judged, rows, parsers))
    decisions = [*_decisions(snapshot, change, judged)]
    yield (
        "A person decides:\n" + "\n".join(f"- {line}" for line in decisions)
        if decisions
        else ("No rule found anything that a person must decide first.")
    )


def _table(
    snapshot: StatusSnapshot, change: ProposedChange, judged: Sequence[FileRisk], rows: int, parsers: Mapping[str, str]
) -> Iterator[str]:
    yield "| read | file | risk | why | evidence |"
    yield "|---|---|---|---|---|"
    for number, one in enumerate(judged[:rows], 1):
        why = "; ".join((_SHOWN[one.part].lower(), *one.reasons)).replace("|", "¦").replace("@", "")
        evidence = _evidence(snapshot, one, parsers)
        yield f"| {number} | {code(one.path, _PATH)} | {_RISK[one.risk]} | {why} | {evidence} |"
    more = max(change.total, len(judged)) - min(rows, len(judged))
    if more > 0:
        yield f"\nand {count(more, 'more file')}, not judged here"


def _evidence(snapshot: StatusSnapshot, one: FileRisk, parsers: Mapping[str, str]) -> str:
    """Which of the checks that passed here run this file; exit codes say nothing of single files."""
    if one.part in {FilePart.TEXTS, FilePart.LOCKS}:
        return "–"
    ours = [check for check in snapshot.checks if check.ours and check.status == "passed"]
    ending = f".{one.path.rpartition('.')[2]}" if "." in one.path.rpartition("/")[2] else ""
    running = [check.name for check in ours if ending in _READS.get(parsers.get(check.name, ""), ())]
    if running:
        return and_list([code(name, _NAME) for name in running], most=2)
    others = [check.name for check in ours if parsers.get(check.name, "") not in _READS]
    if others:
        return f"{and_list([code(name, _NAME) for name in others], most=2)}, as a whole"
    return "none"


def _decisions(snapshot: StatusSnapshot, change: ProposedChange, judged: Sequence[FileRisk]) -> Iterator[str]:
    by_decision: dict[str, list[str]] = {}
    for one in judged:
        if one.decision is not None:
            by_decision.setdefault(one.decision, []).append(one.path)
    for decision, paths in by_decision.items():
        yield f"{decision}: {and_list([code(path, _PATH) for path in paths], most=4)}."
    removed = [file.path for file in change.files if file.status == "deleted"]
    if removed:
        yield f"Whether these may go: {and_list([code(path, _PATH) for path in removed], most=4)}."
    if snapshot.verification is not Verification.VERIFIED:
        yield "Whether the result is right: the checks here do not prove it."
