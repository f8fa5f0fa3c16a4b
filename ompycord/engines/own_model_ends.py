"""How a step ends whose own model did not answer; counterpart of `ends.py`, for steps that ask models themselves."""

from typing import Final

from ompycord.dialects.provider_refusals import read_refusal
from ompycord.domain.effects import PlanAgent, StepOrder
from ompycord.domain.events import EffectFinished
from ompycord.domain.results import BuildResult, PlanResult
from ompycord.domain.run import FailureClass
from ompycord.engines.context import StepContext
from ompycord.engines.ends import failed, ok
from ompycord.errors import ModelFailed
from ompycord.text import cut

__all__ = ["model_failed"]

_SENTENCE: Final = 500


def model_failed(order: StepOrder, error: ModelFailed, context: StepContext) -> EffectFinished:
    """As where an agent's provider refuses: what time or money fixes suspends the run."""
    words = cut(str(error), _SENTENCE)
    refusal = read_refusal(str(error), now_ms=context.now_ms(), status=error.status)
    if refusal is None:
        return failed(order, FailureClass.ENV, words)
    outcome = refusal.outcome(words)
    shape = PlanResult if isinstance(order.effect, PlanAgent) else BuildResult
    ended = {"claim": False, "ended_by": outcome.ended_by, "until": outcome.until}
    result = shape.model_validate({name: value for name, value in ended.items() if value is not None})
    return ok(order, result, message=outcome.message, failure=outcome.failure)
