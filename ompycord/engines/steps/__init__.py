"""The steps of a hosted run, one file each; each is a function of its order, its task and the engine's context.

Those that start no agent may be done twice under one key with the same result. Nothing here decides a state.
"""

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Final

from ompycord.domain import effects as fx
from ompycord.domain.effects import Effect, StepOrder
from ompycord.domain.events import EffectFinished
from ompycord.domain.task import Task
from ompycord.engines.context import StepContext
from ompycord.engines.steps.answer import answer
from ompycord.engines.steps.build import build
from ompycord.engines.steps.checks import run_checks
from ompycord.engines.steps.clean_up import clean_up
from ompycord.engines.steps.collect import collect
from ompycord.engines.steps.collect_repair import collect_repair
from ompycord.engines.steps.links import check_links
from ompycord.engines.steps.plan import plan
from ompycord.engines.steps.prepare import prepare
from ompycord.engines.steps.publish import publish
from ompycord.engines.steps.rebase import rebase
from ompycord.engines.steps.repair import repair
from ompycord.engines.steps.review import review
from ompycord.engines.steps.roll_back import roll_back
from ompycord.engines.steps.set_up import set_up

__all__ = ["STEPS", "Step"]

Step = Callable[[StepOrder, Task, StepContext], Awaitable[EffectFinished]]
"""Performs one effect and returns how it ended. Raises OmpycordError for what it could not do."""

STEPS: Final[Mapping[type[Effect], Step]] = MappingProxyType(
    {
        fx.PrepareWorkspace: prepare,
        fx.SetUp: set_up,
        fx.PlanAgent: plan,
        fx.AnswerQuestion: answer,
        fx.CheckLinks: check_links,
        fx.RunAgent: build,
        fx.Collect: collect,
        fx.RunChecks: run_checks,
        fx.RepairAgent: repair,
        fx.CollectRepair: collect_repair,
        fx.ReviewResult: review,
        fx.RollBack: roll_back,
        fx.Publish: publish,
        fx.PutOnMovedBase: rebase,
        fx.CleanUp: clean_up,
    }
)
"""By effect. `StopAgent` is the driver's own."""
