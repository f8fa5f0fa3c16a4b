"""What failed, as text for the agent that repairs it; bounded as a whole. Counterpart of `domain/folds/repair.py`."""

from collections.abc import Sequence
from typing import Final

from ompycord.domain.checking.guard_words import finding_words
from ompycord.domain.events import ChangedFile, FailedTest
from ompycord.domain.folds.repair import RepairFacts, RepairRound
from ompycord.domain.ports.models import PromptTemplate
from ompycord.domain.reports.findings import ReviewFinding
from ompycord.text import cut

__all__ = ["REPAIR", "REVIEWED", "TEMPLATE", "repair_text"]

REPAIR: Final = "The project's checks failed on your result"
"""How the text begins; the rehearsal knows it."""
REFUSED: Final = "Your result was not taken, and no check saw it"
REVIEWED: Final = "A review of your result found what must be repaired"
"""How it begins where the checks were content."""
_ERRORS: Final = 5
_ERROR: Final = 3000
_NAMES: Final = 20
_FILES: Final = 30
_ALL: Final = 16_000
"""Characters of the whole text: about 4,000 tokens."""
_RULE: Final = (
    "Repair the cause. Do not weaken, skip or remove tests, and leave how the checks run as it is; "
    "if a test is wrong, say so in your last message."
)

TEMPLATE: Final = PromptTemplate(id="agent.repair", text=f"{REPAIR}\n\n{REFUSED}\n\n{REVIEWED}\n\n{_RULE}")
"""What of it is always the same."""


def repair_text(facts: RepairFacts) -> tuple[str, ...]:
    """Paragraphs: the verdict, what failed and how, what the result changes, what was tried. Never over 16,000."""
    last = facts.attempts[-1] if facts.attempts else None
    what = REFUSED if facts.refused else REVIEWED if facts.findings else REPAIR
    parts = [
        f"{what} (round {facts.round} of {facts.max_rounds}): {facts.verdict}",
        "You changed nothing in the last round, so nothing was checked again." if last and last.is_unchanged else "",
        _refused(facts),
        _failing(facts),
        *(_error(one) for one in facts.errors[:_ERRORS]),
        *(_found(one) for one in facts.findings),
        _changes(last.files) if last else "",
        _tried(facts.attempts),
        _RULE,
    ]
    return _bounded([part for part in parts if part])


def _bounded(parts: Sequence[str]) -> tuple[str, ...]:
    """The first and the last part whole; those between as far as there is room."""
    room = _ALL - len(parts[0]) - len(parts[-1])
    kept: list[str] = []
    for part in parts[1:-1]:
        if room <= 0:
            break
        kept.append(cut(part, room))
        room -= len(kept[-1])
    return (parts[0], *kept, parts[-1])


def _refused(facts: RepairFacts) -> str:
    return "\n".join(("Found:", *(f"- {finding_words(one)}" for one in facts.refused))) if facts.refused else ""


def _failing(facts: RepairFacts) -> str:
    names = facts.failing[:_NAMES]
    if not names:
        return ""
    more = max(facts.failed, len(facts.failing)) - len(names)
    lines = [*(f"- {name}" for name in names), *((f"- and {more} more",) if more > 0 else ())]
    return "\n".join(("Failing:", *lines))


def _error(failed: FailedTest) -> str:
    error = failed.error if len(failed.error) <= _ERROR else f"…{failed.error[-_ERROR:]}"
    return f"{failed.test} printed:\n{_quoted(error)}" if error.strip() else ""


def _found(finding: ReviewFinding) -> str:
    where = f" ({finding.path}{f':{finding.line}' if finding.line else ''})" if finding.path else ""
    head = f"{'Must be repaired' if finding.is_blocking else 'A remark'}: {finding.title}{where}"
    return f"{head}\n{_quoted(finding.why)}" if finding.why else head


def _changes(files: Sequence[ChangedFile]) -> str:
    if not files:
        return ""
    lines = [f"- {file.path} +{file.added or 0} −{file.removed or 0}" for file in files[:_FILES]]
    more = len(files) - len(lines)
    return "\n".join(("Your result changes:", *lines, *((f"- and {more} more",) if more else ())))


def _tried(attempts: Sequence[RepairRound]) -> str:
    messages = [f"Round {one.round}:\n{_quoted(one.words)}" for one in attempts if one.words.strip()]
    return "\n".join(("What you said of your attempts:", *messages)) if messages else ""


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}" for line in text.splitlines())
