"""The shape of one stage of a run: which effect it is, how often it is tried, where its ends lead.

Filled in by `stages.py`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Literal, NamedTuple, TypeVar

from ompycord.domain.effects import Effect, effect_name
from ompycord.domain.events import EffectFinished
from ompycord.domain.results import StageResult
from ompycord.domain.run import FailureClass, Machine, RunState
from ompycord.domain.task import Mode

__all__ = ["ALL_MODES", "Edge", "Ended", "Outcome", "Stage", "Update"]

R = TypeVar("R", bound=StageResult)
R_co = TypeVar("R_co", bound=StageResult, covariant=True)
Outcome = Literal["ok", "failed", "interrupted"]
ALL_MODES = frozenset(Mode)
Update = dict[str, object]
"""Fields of the machine and their new values."""


@dataclass(frozen=True, slots=True)
class Ended(Generic[R_co]):
    """How a step ended, with its result in its own type."""

    result: R_co
    message: str | None = None
    failure: FailureClass | None = None


def _always(machine: Machine, ended: object) -> bool:
    return True


def _nothing(machine: Machine, ended: object) -> Update:
    return {}


class Edge(NamedTuple, Generic[R]):
    """One way out of a stage. The first of a stage's edges whose outcome and guard fit is taken."""

    outcome: Outcome
    to: RunState
    do: tuple[type[Effect], ...]
    why: str
    """A sentence for the diagram."""
    when: Callable[[Machine, Ended[R]], bool] = _always
    then: Callable[[Machine, Ended[R]], Update] = _nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage(Generic[R]):
    """One step of a run's life. Rules for a crash, a stop, a resume and a cancel are made from it by `lifecycle.py`."""

    state: RunState
    """The state in which it runs."""
    effect: type[Effect]
    result: type[R]
    edges: tuple[Edge[R], ...]
    is_repeatable: bool
    """Done twice under one key it has the same result; a crash of ours does it again.

    Otherwise it is reported as interrupted.
    """
    modes: frozenset[Mode] = ALL_MODES
    """The modes of which it is part."""
    is_heavy: bool = False
    """Whether it waits for one of `limits.parallel_runs`."""
    is_entry: bool = True
    """Whether a suspended run returns to its state with this stage."""
    starts_over: bool = False
    """Whether a run returns to its first stage when this one, whose result is half done, was interrupted too often."""
    runs_agent: bool = False
    """Whether it starts the run's agent."""
    takes_restart: bool = False
    """Whether a person may stop it and send the run back to its agent."""

    @property
    def name(self) -> str:
        """The stored name: `<name>:<iteration>` is its effect's key."""
        return effect_name(self.effect)

    def key(self, iteration: int) -> str:
        """The key of its effect in this iteration."""
        return f"{self.name}:{iteration}"

    def ended(self, body: EffectFinished) -> Ended[R]:
        """What the event reports, in this stage's type."""
        return Ended(self.result.model_validate(body.facts), body.message, body.failure)
