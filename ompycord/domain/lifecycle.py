"""The run's state machine as one table and `advance`, which reads it; no clock, no I/O. Counterpart: `stages.py`.

What follows when a step ends stands in its stage; what people and our restarts do to a run is the same for every stage
and is made here. `docs/reference/run-states.md` is drawn from the table. Unknown events never change a state; final
states absorb.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeVar

from ompycord.domain import effects as fx
from ompycord.domain import events as ev
from ompycord.domain.guardian.escalation import EscalationLevel
from ompycord.domain.results import BuildResult, CollectResult, StageResult
from ompycord.domain.run import FINAL, EndedBy, FailureClass, Machine, RunState, SuspendReason
from ompycord.domain.stage import Edge, Stage, Update
from ompycord.domain.stages import (
    BUILD,
    CHECKS,
    COLLECT,
    COLLECT_REPAIR,
    PREPARE,
    PUBLISH,
    REPAIR,
    SET_UP,
    STAGES,
)
from ompycord.domain.transitions.guards import MAX_INTERRUPTIONS, is_again_allowed

__all__ = ["MAX_INTERRUPTIONS", "TABLE", "WORKING", "Rule", "TransitionOutcome", "advance"]

S = RunState
DONE = ev.EffectFinished.model_fields["type"].default
WORKING = tuple(dict.fromkeys(stage.state for stage in STAGES))
"""States in which a step of the run is done; every open state but QUEUED and SUSPENDED.

States that no stage uses are reserved.
"""

MESSAGE = 500
"""Characters of a transition's sentence (`events.RunStateChanged.message`)."""

R = TypeVar("R", bound=StageResult)
Guard = Callable[[Machine, ev.EventBody], bool]
Change = Callable[[Machine, ev.EventBody], Update]


class TransitionOutcome(NamedTuple):
    """What `advance` decided: the machine after, what to do, and the facts to store. Empty when nothing changes."""

    machine: Machine
    effects: tuple[fx.Effect, ...] = ()
    events: tuple[ev.RunStateChanged, ...] = ()

    @property
    def is_change(self) -> bool:
        """Whether there is anything to commit."""
        return bool(self.effects or self.events)


class Rule(NamedTuple):
    """One row: in these states, on this event, if the guard holds, go there and do that. The first match wins."""

    states: tuple[RunState, ...]
    on: str
    to: RunState
    do: tuple[type[fx.Effect], ...]
    why: str
    """A sentence for the diagram."""
    when: Guard = lambda machine, body: True
    then: Change = lambda machine, body: {}


# -- the end of a step -------------------------------------------------------------------------------------------------


def _is_end_of(stage: Stage[R], outcome: str) -> Guard:
    """Whether this iteration's step ended so. A step of an earlier iteration is stale and changes nothing."""

    def guard(machine: Machine, body: ev.EventBody) -> bool:
        is_end = isinstance(body, ev.EffectFinished) and body.key == stage.key(machine.iteration)
        return is_end and isinstance(body, ev.EffectFinished) and body.outcome == outcome

    return guard


def _rule(stage: Stage[R], edge: Edge[R]) -> Rule:
    is_end = _is_end_of(stage, edge.outcome)

    def when(machine: Machine, body: ev.EventBody) -> bool:
        return isinstance(body, ev.EffectFinished) and is_end(machine, body) and edge.when(machine, stage.ended(body))

    def then(machine: Machine, body: ev.EventBody) -> Update:
        return edge.then(machine, stage.ended(body)) if isinstance(body, ev.EffectFinished) else {}

    return Rule((stage.state,), DONE, edge.to, edge.do, edge.why, when, then)


def _ends(stage: Stage[R]) -> tuple[Rule, ...]:
    return tuple(_rule(stage, edge) for edge in stage.edges if edge.outcome != "interrupted")


def _interruptions(stage: Stage[R]) -> tuple[Rule, ...]:
    """The rules for a step that our crash interrupted.

    The stage's own edges come first; else the step is done again as another iteration; else a person decides.
    """
    is_end = _is_end_of(stage, "interrupted")

    def may_again(machine: Machine, body: ev.EventBody) -> bool:
        return is_end(machine, body) and is_again_allowed(machine)

    def lost(machine: Machine, body: ev.EventBody) -> Update:
        has_session = isinstance(body, ev.EffectFinished) and BuildResult.model_validate(body.facts).session
        return {
            "reason": SuspendReason.INTERRUPTED,
            "resume_to": S.PRECHECK if stage.starts_over and not has_session else stage.state,
            "message": f"Interrupted {machine.interruptions + 1} times in this step. Resume tries it again.",
        }

    return (
        *(_rule(stage, edge) for edge in stage.edges if edge.outcome == "interrupted"),
        Rule((stage.state,), DONE, stage.state, (stage.effect,), "cut short", may_again, _again),
        Rule((stage.state,), DONE, S.SUSPENDED, (), "cut short too often", is_end, lost),
    )


def _again(machine: Machine, body: ev.EventBody) -> Update:
    """Another iteration, so that every effect key is new."""
    return {
        "iteration": machine.iteration + 1,
        "interruptions": machine.interruptions + 1,
        "message": "Ompycord restarted during this step and is redoing it.",
    }


# -- people and limits -------------------------------------------------------------------------------------------------


def _resumes_to(*states: RunState, because: SuspendReason | None = None) -> Guard:
    """The suspended run goes back to one of these states, and waits for this reason where one is given."""
    return lambda machine, body: machine.resume_to in states and because in {None, machine.reason}


def _is_restart(machine: Machine, body: ev.EventBody) -> bool:
    """A person sent the agent back to its work with something to read."""
    return isinstance(body, ev.Prompted) and body.when == "restart"


def _stopped(machine: Machine, body: ev.EventBody) -> Update:
    """A person or a limit stopped it; it continues from here when a person says so."""
    if not isinstance(body, ev.RunStopped):
        return {}
    message = body.reason or f"Stopped by {body.by}."
    return {"reason": body.cause, "resume_to": machine.state, "message": message}


def _restarted(machine: Machine, body: ev.EventBody) -> Update:
    """Start the agent again, in the clone as it stands; what the last start claimed no longer counts.

    What people say is work of its own, so its rounds are counted from one.
    """
    by = body.by if isinstance(body, ev.Prompted) and body.by else None
    message = (
        f"{by} sent a message; the agent restarts with it."
        if by
        else "There is a new message; the agent is continuing."
    )
    return {
        "iteration": machine.iteration + 1,
        "round": 1,
        "claim": None,
        "checks": None,
        "failure": None,
        "message": message,
    }


def _back_to_agent(machine: Machine, body: ev.EventBody) -> Update:
    """The resumed run goes back to its agent, the only one that can use what was written."""
    return {"resume_to": BUILD.state}


def _resumed(machine: Machine, body: ev.EventBody) -> Update:
    """Another iteration of the step that was stopped.

    Where an agent starts again, what it claimed before no longer counts.
    """
    keeps_claim = machine.resume_to in {CHECKS.state, PUBLISH.state}
    return {
        "iteration": machine.iteration + 1,
        "interruptions": 0,
        "reason": None,
        "resume_to": None,
        "message": None,
        "claim": machine.claim if keeps_claim else None,
        "is_partial": machine.is_partial if keeps_claim else False,
        "ended_by": machine.ended_by if keeps_claim else None,
        "wake_at": None,
    }


def _cancelled(machine: Machine, body: ev.EventBody) -> Update:
    """Ended permanently by a person."""
    by = body.by if isinstance(body, ev.RunCancelled) and body.by else "its owner"
    reason = f": {body.reason}" if isinstance(body, ev.RunCancelled) and body.reason else "."
    return {
        "failure": FailureClass.CANCELLED,
        "ended_by": EndedBy.PERSON,
        "message": f"Cancelled by {by}{reason}",
        "reason": None,
        "resume_to": None,
    }


# -- an agent that goes in circles -------------------------------------------------------------------------------------


def _is_noticed(level: EscalationLevel) -> Guard:
    """The agent that works now goes in circles, and this is what is done about it."""
    return lambda machine, body: isinstance(body, ev.GuardianNoticed) and body.level == level and machine.claim is None


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


def _circling(agent: Stage[BuildResult], collect: Stage[CollectResult]) -> tuple[Rule, ...]:
    """The rules for an agent that goes in circles in a stage that runs it; `collect` keeps what it made."""
    state, noticed = agent.state, "guardian.noticed"
    return (
        Rule((state,), noticed, state, (fx.StopAgent, agent.effect), "it goes in circles: a fresh start",
             _is_noticed("escalate"), _circled),
        Rule((state,), noticed, S.SUSPENDED, (fx.StopAgent,), "it goes in circles: people decide",
             _is_noticed("ask"), _circles),
        Rule((state,), noticed, state, (fx.StopAgent, collect.effect), "it goes in circles: ended, its work is kept",
             _is_noticed("stop"), _looped),
        Rule((S.SUSPENDED,), "run.given_up", state, (collect.effect,), "a person gave it up, its work is kept",
             _resumes_to(state), _given_up),
    )  # fmt: skip


# -- the table ---------------------------------------------------------------------------------------------------------

RESUMES: dict[RunState, tuple[type[fx.Effect], ...]] = {
    S.QUEUED: (),
    **{stage.state: (stage.effect,) for stage in STAGES if stage.is_entry},
}
"""Where a suspended run continues, and with what."""

RESTARTS = tuple(stage.state for stage in STAGES if stage.takes_restart)

TABLE: tuple[Rule, ...] = (
    Rule((S.QUEUED,), "run.dequeued", PREPARE.state, (PREPARE.effect,), "its turn came"),
    *_ends(PREPARE),
    *_ends(SET_UP),
    *_ends(BUILD),
    *_ends(COLLECT),
    *_ends(CHECKS),
    *_ends(REPAIR),
    *_ends(COLLECT_REPAIR),
    *_ends(PUBLISH),
    *_interruptions(PREPARE),
    *_interruptions(SET_UP),
    *_interruptions(BUILD),
    *_interruptions(COLLECT),
    *_interruptions(CHECKS),
    *_interruptions(REPAIR),
    *_interruptions(COLLECT_REPAIR),
    *_interruptions(PUBLISH),
    Rule((S.QUEUED,), "run.stopped", S.SUSPENDED, (), "a person stopped it", then=_stopped),
    Rule(WORKING, "run.stopped", S.SUSPENDED, (fx.StopAgent,), "a person stopped it", then=_stopped),
    *_circling(BUILD, COLLECT),
    *_circling(REPAIR, COLLECT_REPAIR),
    Rule(RESTARTS, "prompt", BUILD.state, (fx.StopAgent, BUILD.effect), "a person had it begin again",
         _is_restart, _restarted),
    Rule((S.SUSPENDED,), "prompt", S.SUSPENDED, (), "what was said takes its agent again",
         _resumes_to(CHECKS.state, PUBLISH.state), _back_to_agent),
    *(
        Rule((S.SUSPENDED,), on, state, do, why, _resumes_to(state, because=because), _resumed)
        for on, why, because in (
            ("run.resumed", "a person resumed it", None),
            ("budget.raised", "its limit was raised", SuspendReason.BUDGET),
        )
        for state, do in RESUMES.items()
    ),
    Rule((S.QUEUED,), "run.cancelled", S.CANCELLED, (), "a person cancelled it", then=_cancelled),
    Rule(WORKING, "run.cancelled", S.CANCELLED, (fx.StopAgent, fx.CleanUp), "a person cancelled it", then=_cancelled),
    Rule((S.SUSPENDED,), "run.cancelled", S.CANCELLED, (fx.CleanUp,), "a person cancelled it", then=_cancelled),
)  # fmt: skip


def advance(machine: Machine, body: ev.EventBody) -> TransitionOutcome:
    """What one event means for a hosted run.

    Pure: the same machine and event give the same decision. An event that no row knows changes nothing.
    """
    for rule in _rules(machine.state, body.type):
        if rule.when(machine, body):
            return _apply(machine, body, rule)
    return TransitionOutcome(machine)


def _rules(state: RunState, type_: str) -> Iterator[Rule]:
    return (rule for rule in TABLE if rule.on == type_ and state in rule.states)


def _apply(machine: Machine, body: ev.EventBody, rule: Rule) -> TransitionOutcome:
    after = machine.model_copy(update={**rule.then(machine, body), "state": rule.to})
    changed = ev.RunStateChanged(
        state=rule.to,
        previous=machine.state,
        cause=body.type,
        iteration=after.iteration,
        round=after.round,
        max_rounds=after.max_rounds,
        reason=after.reason if rule.to is S.SUSPENDED else None,
        resume_to=after.resume_to if rule.to is S.SUSPENDED else None,
        wake_at=after.wake_at if rule.to is S.SUSPENDED else None,
        message=after.message,
        failure=after.failure,
        ended_by=after.ended_by if rule.to in {S.SUSPENDED, *FINAL} else None,
        outcome=after.outcome,
    )
    return TransitionOutcome(after, tuple(_effect(kind, machine, after) for kind in rule.do), (changed,))


def _effect(kind: type[fx.Effect], before: Machine, after: Machine) -> fx.Effect:
    """The effect of an iteration: one that stops has the iteration before, one that starts has the one after."""
    return kind(iteration=before.iteration if kind is fx.StopAgent else after.iteration)
