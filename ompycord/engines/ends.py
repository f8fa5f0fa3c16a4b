"""How a step reports its end: the three kinds of `effect.finished`, made from a typed result.

`lifecycle.py` decides what follows.
"""

from ompycord.domain.effects import StepOrder
from ompycord.domain.events import EffectFinished
from ompycord.domain.results import BuildResult, StageResult, facts_of
from ompycord.domain.run import FailureClass

__all__ = ["failed", "ok", "waits_for_person"]

_SENTENCE = 500
"""The longest line of an event."""


def ok(
    order: StepOrder, result: StageResult, *, message: str | None = None, failure: FailureClass | None = None
) -> EffectFinished:
    """The step was done; `message` is one true sentence about it, `failure` a claim of the agent."""
    cut = (message or "")[:_SENTENCE] or None
    return EffectFinished(key=order.key, outcome="ok", message=cut, failure=failure, facts=facts_of(result))


def waits_for_person(order: StepOrder, message: str) -> EffectFinished:
    """The agent did not start its work; its run waits for a person, like one whose agent crashed."""
    return ok(order, BuildResult(claim=False), message=message, failure=FailureClass.LOST)


def failed(order: StepOrder, failure: FailureClass, message: str) -> EffectFinished:
    """The step could not be done."""
    return EffectFinished(key=order.key, outcome="failed", failure=failure, message=message[:_SENTENCE])
