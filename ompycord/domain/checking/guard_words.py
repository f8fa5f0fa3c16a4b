"""What the guard found, in words: for the run's sentence and for the agent that repairs; pure."""

from collections.abc import Sequence
from typing import Final

from ompycord.domain.events import GuardFinding

__all__ = ["finding_words", "guard_sentence"]

_SHOWN: Final = 3


def finding_words(finding: GuardFinding) -> str:
    """One finding without a full stop: `cart.py line 3 does not parse: invalid syntax`."""
    path = finding.path or "the result"
    place = f"{path} line {finding.line}" if finding.line is not None else path
    match finding.rule:
        case "secret":
            return f"{place} holds {finding.detail}"
        case "protected":
            return f"{path} is protected and was changed"
        case "escape":
            return f"the link {path} {finding.detail}"
        case "syntax":
            return f"{place} does not parse: {finding.detail}"
        case "unplanned":
            return f"{path} is not in the plan: take it back, unless the task needs it"
        case "file_size":
            return f"{path} is too large: {finding.detail}"
        case "files" | "lines":
            return f"the result is too large: {finding.detail}"


def guard_sentence(findings: Sequence[GuardFinding], total: int) -> str:
    """The worst of them as one sentence."""
    shown = [finding_words(one) for one in findings[:_SHOWN]]
    more = total - len(shown)
    words = "; ".join((*shown, *((f"and {more} more",) if more > 0 else ())))
    return f"{words[:1].upper() if findings and findings[0].path is None else words[:1]}{words[1:]}."
