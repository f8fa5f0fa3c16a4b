"""The section `own_models` of the settings: models that Ompycord asks itself, for plans and for refined tasks."""

from ompycord.domain.base import Frozen
from ompycord.domain.configuration.planning import Model, Temperature

__all__ = ["OwnModels", "RefiningSpec"]


class RefiningSpec(Frozen):
    """How a task is refined where a person wants it: a draft, its critique, the final text. Charged to the run."""

    model: Model | None = None
    """The model of the draft and of the final text; left out, the first that a provider names."""
    critic: Model | None = None
    """The model of the critique; left out, the last that a provider names."""
    draft_temperature: Temperature = 0.7
    critique_temperature: Temperature = 0.0
    final_temperature: Temperature = 0.2


class OwnModels(Frozen):
    """Which models Ompycord asks itself, and where."""

    by_cost: bool = False
    """Whether the cheapest comes first: of models that no setting names, and of providers that offer the same one.

    Else the order of the file counts. A price that is not known comes last.
    """
    refining: RefiningSpec = RefiningSpec()
