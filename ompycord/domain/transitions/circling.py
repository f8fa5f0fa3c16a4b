"""What becomes of a run whose agent goes in circles, as rules of each stage that runs one; pure."""

from typing import NamedTuple

from ompycord.domain import effects as fx
from ompycord.domain import events as ev
from ompycord.domain.guardian.escalation import EscalationLevel
from ompycord.domain.results import CollectResult
from ompycord.domain.run import EndedBy, FailureClass, Machine, RunState, SuspendReason
from ompycord.domain.stage import Stage, Update
from ompycord.domain.stages import REVIEW, AnyStage
from ompycord.domain.transitions.people import resumes_to
from ompycord.domain.transitions.rule import MESSAGE, Change, Guard, Rule

__all__ = ["End", "circling_rules", "kept", "unreviewed"]

S = RunState


def _is_noticed(level: EscalationLevel, stage: AnyStage) -> Guard:
    """The agent that works now, in this stage, goes in circles, and this is what is done about it."""

    def guard(machine: Machine, body: ev.EventBody) -> bool:
        is_at_work = stage is REVIEW or machine.claim is None
        return (
            isinstance(body, ev.GuardianNoticed) and body.level == level and is_at_work and machine.mode in stage.modes
        )

    return guard


def _evidence(body: ev.EventBody) -> str:
    return body.evidence if isinstance(body, ev.GuardianNoticed) else ""


def _circled(machine: Machine, body: ev.EventBody) -> Update:
    """Start the agent again, in the clone as it stands."""
    return {
        "iteration": machine.iteration + 1,
        "claim": None,
        "failure": None,
        "message": f"It went in circles and starts again. {_evidence(body)}"[:MESSAGE],
    }


def _circles(machine: Machine, body: ev.EventBody) -> Update:
    """A person decides what becomes of it."""
    return {"reason": SuspendReason.HUMAN, "resume_to": machine.state, "message": _evidence(body)}


def _looped(machine: Machine, body: ev.EventBody) -> Update:
    """End it, and keep what it made. Another iteration, since the stop closes what is left of this one."""
    return {
        "iteration": machine.iteration + 1,
        "claim": False,
        "failure": FailureClass.LOOP,
        "ended_by": EndedBy.GUARDIAN,
        "message": f"It was ended because it went in circles. {_evidence(body)}"[:MESSAGE],
    }


def _given_up(machine: Machine, body: ev.EventBody) -> Update:
    """As `_looped`, by a person."""
    by = body.by if isinstance(body, ev.RunGivenUp) else "a person"
    return {
        **_looped(machine, body),
        "reason": None,
        "resume_to": None,
        "ended_by": EndedBy.PERSON,
        "message": f"{by} ended it because it went in circles. {machine.message or ''}".strip()[:MESSAGE],
    }


def unreviewed(machine: Machine, body: ev.EventBody) -> Update:
    """As `_looped` of a reviewer, whose end takes nothing back of what was made."""
    by = f"{body.by} ended it" if isinstance(body, ev.RunGivenUp) else "It was ended"
    message = f"No review: the reviewer went in circles. {by}. {_evidence(body)}".strip()[:MESSAGE]
    return {"iteration": machine.iteration + 1, "reason": None, "resume_to": None, "message": message}


class End(NamedTuple):
    """What becomes of a run whose agent is ended since it goes in circles."""

    to: RunState
    do: type[fx.Effect]
    why: str
    looped: Change = _looped
    given_up: Change = _given_up


def kept(collect: Stage[CollectResult]) -> End:
    """The end of an agent whose work is taken out by this stage."""
    return End(collect.state, collect.effect, "its work is kept")


def circling_rules(agent: AnyStage, end: End) -> tuple[Rule, ...]:
    """The rules for an agent that goes in circles in a stage that runs it."""
    state, noticed = agent.state, "guardian.noticed"
    return (
        Rule((state,), noticed, state, (fx.StopAgent, agent.effect), "it goes in circles: a fresh start",
             _is_noticed("escalate", agent), _circled),
        Rule((state,), noticed, S.SUSPENDED, (fx.StopAgent,), "it goes in circles: people decide",
             _is_noticed("ask", agent), _circles),
        Rule((state,), noticed, end.to, (fx.StopAgent, end.do), f"it goes in circles: ended, {end.why}",
             _is_noticed("stop", agent), end.looped),
        Rule((S.SUSPENDED,), "run.given_up", end.to, (end.do,), f"a person gave it up, {end.why}",
             resumes_to(state, modes=agent.modes), end.given_up),
    )  # fmt: skip
