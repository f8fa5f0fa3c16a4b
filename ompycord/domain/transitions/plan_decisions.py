"""What people decide about a plan, as rules of the state in which it waits; pure."""

from ompycord.domain import effects as fx
from ompycord.domain import events as ev
from ompycord.domain.run import EndedBy, FailureClass, Machine, RunState
from ompycord.domain.stage import Update
from ompycord.domain.stages import BUILD, PLAN
from ompycord.domain.transitions.rule import MESSAGE, Rule

__all__ = ["plan_decisions"]

S = RunState
DECIDED = ev.PlanApproved | ev.PlanChanged | ev.PlanRejected


def _is_about_plan(machine: Machine, body: ev.EventBody) -> bool:
    """The decision is about the plan that waits, as the person read it."""
    waits = S.AWAITING_APPROVAL in {machine.state, machine.resume_to}
    return waits and isinstance(body, DECIDED) and body.plan == machine.plan


def _begins(machine: Machine) -> Update:
    return {
        "iteration": machine.iteration + 1,
        "interruptions": 0,
        "tries": 0,
        "reason": None,
        "resume_to": None,
    }


def _approved(machine: Machine, body: ev.EventBody) -> Update:
    """The agent works by the plan."""
    by = body.by if isinstance(body, ev.PlanApproved) else "A person"
    return {**_begins(machine), "follows_plan": True, "message": f"{by} approved the plan."}


def _changed_plan(machine: Machine, body: ev.EventBody) -> Update:
    """The planner gets what the person wants to be different."""
    by = body.by if isinstance(body, ev.PlanChanged) else "A person"
    return {**_begins(machine), "plan": None, "message": f"{by} wants the plan to be different."}


def _rejected(machine: Machine, body: ev.EventBody) -> Update:
    by, reason = (body.by, body.reason) if isinstance(body, ev.PlanRejected) else ("A person", None)
    return {
        "failure": FailureClass.CANCELLED,
        "ended_by": EndedBy.PERSON,
        "message": f"{by} rejected the plan{f': {reason}' if reason else '.'}"[:MESSAGE],
        "reason": None,
        "resume_to": None,
    }


def plan_decisions() -> tuple[Rule, ...]:
    """The same for a run that nobody decided about in a day."""
    waits = (S.AWAITING_APPROVAL, S.SUSPENDED)
    return (
        Rule(waits, "plan.approved", BUILD.state, (BUILD.effect,), "a person approved the plan", _is_about_plan,
             _approved),
        Rule(waits, "plan.changed", PLAN.state, (PLAN.effect,), "a person wants another plan", _is_about_plan,
             _changed_plan),
        Rule(waits, "plan.rejected", S.CANCELLED, (fx.CleanUp,), "a person rejected the plan", _is_about_plan,
             _rejected),
    )  # fmt: skip
