"""What a planner, a builder and a reviewer are told of plans and reviews before; pure, from a run's whole log.

Counterpart: `dialects/prompts/`, which puts it into words.
"""

from collections.abc import Iterable

from ompycord.domain import events as ev
from ompycord.domain.base import Frozen
from ompycord.domain.ids import OMPYCORD
from ompycord.domain.reports.plan import Plan
from ompycord.domain.run import RunState

__all__ = ["PlanRequest", "PlanningFacts", "RefusedReport", "planning_facts"]


class RefusedReport(Frozen):
    """What an agent wrote in the last try, and what is wrong with it."""

    text: str
    faults: tuple[str, ...]


class PlanRequest(Frozen):
    """A plan that a person wants to be different."""

    plan: Plan
    words: str
    by: str


class PlanningFacts(Frozen):
    """All that was planned and refused so far."""

    plan: Plan | None = None
    """By which the work is done: approved, or decided by no person here."""
    approved_by: str | None = None
    refused: RefusedReport | None = None
    """The last plan, where it was refused and no valid one followed."""
    wanted: tuple[PlanRequest, ...] = ()
    """The plans that people wanted to be different, oldest first."""
    unplanned: tuple[str, ...] = ()
    """Paths that the plan does not name, of which its agent was told once."""
    demanded: tuple[str, ...] = ()
    """Paths that findings of a review name which have to be mended."""
    refused_review: RefusedReport | None = None
    """The last review, where it was refused."""


def planning_facts(events: Iterable[ev.RunEvent]) -> PlanningFacts:
    """The facts, in the order of the log's positions."""
    facts, proposed = PlanningFacts(), None
    found: tuple[str, ...] = ()
    for event in events:
        if event.source != OMPYCORD:
            continue
        match event.body:
            case ev.PlanRefused(text=text, faults=faults):
                facts = facts.model_copy(update={"refused": RefusedReport(text=text, faults=faults)})
            case ev.PlanProposed() as body:
                proposed = body
                facts = facts.model_copy(update={"refused": None, "plan": None if body.asks else body.plan})
            case ev.PlanApproved(plan=plan, by=by) if proposed is not None and proposed.hash == plan:
                facts = facts.model_copy(update={"plan": proposed.plan, "approved_by": by})
            case ev.PlanChanged(plan=plan, words=words, by=by) if proposed is not None and proposed.hash == plan:
                wanted = PlanRequest(plan=proposed.plan, words=words, by=by)
                facts = facts.model_copy(update={"wanted": (*facts.wanted, wanted), "plan": None})
            case ev.ReviewRefused(text=text, faults=faults):
                facts = facts.model_copy(update={"refused_review": RefusedReport(text=text, faults=faults)})
            case ev.ResultGuarded(findings=findings):
                found = tuple(one.path for one in findings if one.rule == "unplanned" and one.path is not None)
            case ev.RunStateChanged(state=RunState.REPAIRING):
                facts = facts.model_copy(update={"unplanned": tuple(dict.fromkeys((*facts.unplanned, *found)))})
            case ev.ReviewFinished(findings=findings):
                named = (*facts.demanded, *(one.path for one in findings if one.is_blocking and one.path is not None))
                facts = facts.model_copy(update={"refused_review": None, "demanded": tuple(dict.fromkeys(named))})
            case _:
                pass
    return facts
