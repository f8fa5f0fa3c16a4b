"""That an agent goes in circles, and what was done about it, in words for people."""

from typing import Final

from ompycord.domain.folds.snapshot import LoopNotice
from ompycord.render.phrases import sentence, stamp
from ompycord.render.sanitizer import Sanitizer

__all__ = ["loop_sentence"]

_EVIDENCE: Final = 300


def loop_sentence(loop: LoopNotice, agent: str, sanitizer: Sanitizer) -> str:
    """For the card of a run whose agent is at work; `agent` is its name, sanitized."""
    seen = sentence(sanitizer.line(loop.evidence, _EVIDENCE))
    if loop.level == "escalate":
        return f"{agent} went in circles and started again {stamp(loop.at)}. {seen}"
    what = f"{agent} may be going in circles, noticed {stamp(loop.at)}. {seen}"
    return f"{what} It was told so." if loop.is_delivered else what
