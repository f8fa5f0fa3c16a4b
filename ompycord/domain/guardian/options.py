"""How much repetition an agent is allowed; the section `loop_guardian` of the settings."""

from typing import Annotated

from pydantic import Field

from ompycord.domain.base import Frozen

__all__ = ["GuardianOptions"]

Times = Annotated[int, Field(ge=2, le=50)]


class GuardianOptions(Frozen):
    """Thresholds. Those that are not set were measured on recorded and generated work (`bench guardian`)."""

    enabled: bool = True
    """Whether agents that go in circles are noticed at all."""
    max_repeats: Times = 4
    """The same step with the same result so often in a row is a loop."""
    max_cycles: Times = 3
    """The same two to six steps with the same results so often in a row are a loop."""
    max_reruns: Times = 8
    """A test may be run again to see whether it is flaky; so often in a row with the same result is a loop."""
    max_unknown: Times = 12
    """As `max_repeats`, for steps of which the agent does not report the result."""
    waiting_minutes: Annotated[int, Field(ge=1, le=24 * 60)] = 15
    """Waiting for something whose output does not change for so many minutes is a loop."""
    max_messages: Times = 3
    """Nearly the same message so often, with nothing done in between, is a loop."""
    similarity: Annotated[float, Field(gt=0, le=1)] = 0.9
    """The share of their word triples that two messages have in common when they are nearly the same."""
    max_same_rounds: Times = 3
    """So many rounds with the same files, the same failing tests and the same first error are a loop."""
    max_rounds_without_gain: Times = 4
    """So many rounds in a row after which no fewer tests fail than before are a loop."""
    calm_steps: Annotated[int, Field(ge=1, le=10_000)] = 30
    """After so many steps without a loop an agent is warned first again."""
