"""The order to do one step of a run: all that an engine is told, as a value that travels; counterpart of `engines/`.

It names its inputs and holds none of them, so that it can be sent to another process or machine.
"""

from typing import Annotated

from pydantic import Field

from ompycord.domain.base import Frozen, Name
from ompycord.domain.effects import Effect
from ompycord.domain.ids import RunId, Ulid

__all__ = ["StepOrder"]


class StepOrder(Frozen):
    """One attempt at one effect."""

    run: RunId
    key: Name
    """Of the effect: `<step>:<iteration>`, unique in the run."""
    effect: Annotated[Effect, Field(discriminator="type")]
    task: Ulid
    """Whose prompt, repository and agent it is about; read where the step is done."""
    attempt: Annotated[int, Field(ge=1)] = 1
    """Counts starts under this key."""
    lease_epoch: Annotated[int, Field(ge=0)] = 0
    """Counts starts in this run; a result of an older epoch than the run's is refused (`StaleResult`)."""
