"""The run's state machine as one table and `advance`, which reads it; no clock, no I/O. Counterpart: `stages.py`.

What follows when a step ends stands in its stage; what people and our restarts do to a run is the same for every stage
and is made here. `docs/reference/run-states.md` is drawn from the table. Unknown events never change a state; final
states absorb all but what publishes again (`transitions/late_publication.py`).
"""

from collections.abc import Collection, Iterator
from functools import partial
from typing import NamedTuple, TypeVar

from ompycord.domain import effects as fx
from ompycord.domain import events as ev
from ompycord.domain.results import BuildResult, StageResult
from ompycord.domain.run import FINAL, Machine, RunState, SuspendReason
from ompycord.domain.stage import Edge, Stage, Update
from ompycord.domain.stages import (
    ANSWER,
    BUILD,
    CHECKS,
    COLLECT,
    COLLECT_REPAIR,
    LINKS,
    PLAN,
    PREPARE,
    PUBLISH,
    REBASE,
    REPAIR,
    REVIEW,
    ROLL_BACK,
    SET_UP,
    STAGES,
)
from ompycord.domain.task import Mode
from ompycord.domain.transitions.checkpoints import at_pause, pause_rules, roll_back_rule
from ompycord.domain.transitions.circling import End, circling_rules, kept, unreviewed
from ompycord.domain.transitions.guards import MAX_INTERRUPTIONS, is_again_allowed
from ompycord.domain.transitions.late_publication import late_publications
from ompycord.domain.transitions.people import (
    back_to_agent,
    cancelled,
    restarted,
    restarts,
    resumed,
    resumes_to,
    stopped,
)
from ompycord.domain.transitions.plan_decisions import plan_decisions
from ompycord.domain.transitions.rule import Guard, Rule

__all__ = ["MAX_INTERRUPTIONS", "TABLE", "WORKING", "Rule", "TransitionOutcome", "advance"]

S = RunState
DONE = ev.EffectFinished.model_fields["type"].default
WORKING = tuple(dict.fromkeys(stage.state for stage in STAGES))
"""States in which a step of the run is done; every open state but QUEUED, AWAITING_APPROVAL and SUSPENDED."""

R = TypeVar("R", bound=StageResult)


class TransitionOutcome(NamedTuple):
    """What `advance` decided: the machine after, what to do, and the facts to store. Empty when nothing changes."""

    machine: Machine
    effects: tuple[fx.Effect, ...] = ()
    events: tuple[ev.RunStateChanged, ...] = ()

    @property
    def is_change(self) -> bool:
        """Whether there is anything to commit."""
        return bool(self.effects or self.events)


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


# -- the table ---------------------------------------------------------------------------------------------------------


class _Resume(NamedTuple):
    """Where a suspended run continues, and with what."""

    state: RunState
    do: tuple[type[fx.Effect], ...] = ()
    modes: Collection[Mode] = frozenset(Mode)


RESUMES = (
    _Resume(S.QUEUED),
    _Resume(S.AWAITING_APPROVAL),
    *(_Resume(stage.state, (stage.effect,), stage.modes) for stage in STAGES if stage.is_entry),
)

RESTARTS = tuple(dict.fromkeys(stage.state for stage in STAGES if stage.takes_restart and stage not in {PLAN, ANSWER}))

TABLE: tuple[Rule, ...] = (
    Rule((S.QUEUED,), "run.dequeued", PREPARE.state, (PREPARE.effect,), "its turn came"),
    *_ends(PREPARE),
    *_ends(SET_UP),
    *_ends(PLAN),
    *_ends(ANSWER),
    *_ends(LINKS),
    *_ends(BUILD),
    *_ends(COLLECT),
    *_ends(CHECKS),
    *_ends(REPAIR),
    *_ends(COLLECT_REPAIR),
    *_ends(REVIEW),
    *_ends(ROLL_BACK),
    *_ends(REBASE),
    *_ends(PUBLISH),
    *_interruptions(PREPARE),
    *_interruptions(SET_UP),
    *_interruptions(PLAN),
    *_interruptions(ANSWER),
    *_interruptions(LINKS),
    *_interruptions(BUILD),
    *_interruptions(COLLECT),
    *_interruptions(CHECKS),
    *_interruptions(REPAIR),
    *_interruptions(COLLECT_REPAIR),
    *_interruptions(REVIEW),
    *_interruptions(ROLL_BACK),
    *_interruptions(REBASE),
    *_interruptions(PUBLISH),
    *late_publications(partial(_is_end_of, PUBLISH)),
    *plan_decisions(),
    *pause_rules(),
    roll_back_rule(),
    Rule((S.QUEUED, S.AWAITING_APPROVAL), "run.stopped", S.SUSPENDED, (), "a person stopped it", then=stopped),
    Rule(WORKING, "run.stopped", S.SUSPENDED, (fx.StopAgent,), "a person stopped it", then=stopped),
    *circling_rules(BUILD, kept(COLLECT)),
    *circling_rules(REPAIR, kept(COLLECT_REPAIR)),
    *circling_rules(PLAN, End(S.FAILED, fx.CleanUp, "there is nothing to keep")),
    *circling_rules(ANSWER, End(S.FAILED, fx.CleanUp, "there is nothing to keep")),
    *circling_rules(REVIEW, End(PUBLISH.state, PUBLISH.effect, "the result is not verified", unreviewed, unreviewed)),
    *(
        Rule(states, "prompt", stage.state, (fx.StopAgent, stage.effect), "a person had it begin again",
             restarts(stage), restarted)
        for states, stage in ((RESTARTS, BUILD), ((PLAN.state,), PLAN), ((ANSWER.state,), ANSWER))
    ),
    Rule((S.SUSPENDED,), "prompt", S.SUSPENDED, (), "what was said takes its agent again",
         resumes_to(CHECKS.state, REVIEW.state, PUBLISH.state), back_to_agent),
    *(
        Rule((S.SUSPENDED,), on, one.state, one.do, why,
             resumes_to(one.state, because=because, modes=one.modes), resumed)
        for on, why, because in (
            ("run.resumed", "a person resumed it", None),
            ("budget.raised", "its limit was raised", SuspendReason.BUDGET),
        )
        for one in RESUMES
    ),
    Rule((S.QUEUED,), "run.cancelled", S.CANCELLED, (), "a person cancelled it", then=cancelled),
    Rule(WORKING, "run.cancelled", S.CANCELLED, (fx.StopAgent, fx.CleanUp), "a person cancelled it", then=cancelled),
    Rule((S.SUSPENDED, S.AWAITING_APPROVAL), "run.cancelled", S.CANCELLED, (fx.CleanUp,), "a person cancelled it",
         then=cancelled),
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
    effects = tuple(_effect(kind, machine, after) for kind in rule.do)
    if (paused := at_pause(machine, after)) is not None:
        after, effects = paused, ()
    to = after.state
    changed = ev.RunStateChanged(
        state=to,
        previous=machine.state,
        cause=body.type,
        iteration=after.iteration,
        round=after.round,
        max_rounds=after.max_rounds,
        reason=after.reason if to is S.SUSPENDED else None,
        resume_to=after.resume_to if to is S.SUSPENDED else None,
        wake_at=after.wake_at if to is S.SUSPENDED else None,
        message=after.message,
        failure=after.failure,
        ended_by=after.ended_by if to in {S.SUSPENDED, *FINAL} else None,
        outcome=after.outcome,
    )
    is_end_kept = to is machine.state and to in FINAL and bool(effects)  # it ended when it ended
    return TransitionOutcome(after, effects, () if is_end_kept else (changed,))


def _effect(kind: type[fx.Effect], before: Machine, after: Machine) -> fx.Effect:
    """The effect of an iteration: one that stops has the iteration before, one that starts has the one after."""
    return kind(iteration=before.iteration if kind is fx.StopAgent else after.iteration)
