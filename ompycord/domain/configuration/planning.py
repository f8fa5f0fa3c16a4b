"""How plans of a repository are made beyond one try of one agent: further drafts, a critique, a final pass."""

from typing import Annotated

from pydantic import Field, StringConstraints

from ompycord.domain.base import Frozen

__all__ = ["MOST_DRAFTS", "Model", "PlanningSpec", "Temperature"]

MOST_DRAFTS = 4
"""Models that draft beside the agent."""
Model = Annotated[str, StringConstraints(min_length=1, max_length=128)]
Temperature = Annotated[float, Field(ge=0, le=2)]


class PlanningSpec(Frozen):
    """Asked of models by Ompycord itself, and charged to the run. It needs a provider."""

    drafts: Annotated[tuple[Model, ...], Field(max_length=MOST_DRAFTS)] = ()
    """Models that make a draft each beside the agent's; the one on which they agree most is gone on with."""
    refine: bool = True
    """Whether a draft is criticised and made again."""
    critic: Model | None = None
    """The model of the critique; left out, the last that a provider names."""
    model: Model | None = None
    """The model of the final pass; left out, the first that a provider names."""
    draft_temperature: Temperature = 0.7
    critique_temperature: Temperature = 0.0
    final_temperature: Temperature = 0.2
