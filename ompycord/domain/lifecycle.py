"""The run's state machine as one table and `advance`, which reads it; no clock, no I/O. Counterpart: `engines/`.

`docs/reference/run-states.md` is drawn from this table. Unknown events never change a state; final states absorb.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from ompycord.domain import effects as fx
from ompycord.domain import events as ev
from ompycord.domain.run import FINAL, FailureClass, Machine, RunOutcome, RunState, SuspendReason
from ompycord.domain.task import Mode

__all__ = ["MAX_INTERRUPTIONS", "TABLE", "Decision", "Rule", "advance"]

S = RunState
MAX_INTERRUPTIONS = 3
"""How often a run whose step was cut short by a crash begins that step again by itself."""

LIVE = tuple(state for state in RunState if state not in FINAL)
WORKING = tuple(state for state in LIVE if state not in {S.QUEUED, S.SUSPENDED})

Guard = Callable[[Machine, ev.EventBody], bool]
Update = Callable[[Machine, ev.EventBody], dict[str, object]]


class Decision(NamedTuple):
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
    then: Update = lambda machine, body: {}


# -- guards: each a sentence about the event and the machine ----------------------------------------------------------


def step(name: str, outcome: str, *more: Guard) -> Guard:
    """This iteration's step ended so. A step of an earlier iteration is stale and changes nothing."""

    def guard(machine: Machine, body: ev.EventBody) -> bool:
        if not isinstance(body, ev.EffectFinished):
            return False
        current = body.key == f"{name}:{machine.iteration}" and body.outcome == outcome
        return current and all(extra(machine, body) for extra in more)

    return guard


def in_mode(*modes: Mode) -> Guard:
    """The run's mode is one of these."""
    return lambda machine, body: machine.mode in modes


def claimed(*, done: bool) -> Guard:
    """What the agent said of itself when it ended."""
    return lambda machine, body: machine.claim is done


def verdict(passed: bool | None) -> Guard:  # read as verdict(True), verdict(None)
    """What the last round of checks said; None when none could run."""
    return lambda machine, body: machine.checks is passed


def again(machine: Machine, body: ev.EventBody) -> bool:
    """A step that a crash cut short may begin again by itself."""
    return machine.interruptions < MAX_INTERRUPTIONS


def resumes_to(*states: RunState, because: SuspendReason | None = None) -> Guard:
    """The suspended run goes back to one of these, and waits for this reason where one is given."""
    return lambda machine, body: machine.resume_to in states and because in {None, machine.reason}


def begins_again(machine: Machine, body: ev.EventBody) -> bool:
    """It was said to halt the agent and begin again."""
    return isinstance(body, ev.Prompted) and body.when == "restart"


def in_session(machine: Machine, body: ev.EventBody) -> bool:
    """The agent that was cut short can go on in its own session, in the clone as it stands."""
    return isinstance(body, ev.EffectFinished) and body.facts.get("session") is True


def crashed(machine: Machine, body: ev.EventBody) -> bool:
    """The agent's program ended without a word of the agent's that its work had."""
    return isinstance(body, ev.EffectFinished) and body.failure is FailureClass.LOST


def unchanged(machine: Machine, body: ev.EventBody) -> bool:
    """What was collected, or was to be published, equals the base: there is nothing to verify and nothing to publish."""
    return isinstance(body, ev.EffectFinished) and body.facts.get("changed") == 0


def unheard(machine: Machine, body: ev.EventBody) -> bool:
    """People said something that this start of the agent never took."""
    return isinstance(body, ev.EffectFinished) and body.facts.get("unheard") is True


# -- updates: what the machine remembers -------------------------------------------------------------------------------


def failed(machine: Machine, body: ev.EventBody) -> dict[str, object]:
    """The step's own failure class and sentence."""
    if not isinstance(body, ev.EffectFinished):
        return {}
    return {"failure": body.failure or FailureClass.INTERNAL, "message": body.message}


def claim(machine: Machine, body: ev.EventBody) -> dict[str, object]:
    """Keep what the agent claims; it is not evidence."""
    if not isinstance(body, ev.EffectFinished):
        return {}
    done = body.facts.get("claim") is True
    return {
        "claim": done,
        "message": body.message,
        "failure": None if done else body.failure or FailureClass.REPAIRABLE,
        "interruptions": 0,
    }


def checked(machine: Machine, body: ev.EventBody) -> dict[str, object]:
    """Keep what the checks proved: all passed, some failed, or nothing (none configured, tool missing)."""
    if not isinstance(body, ev.EffectFinished):
        return {}
    passed = body.facts.get("passed")
    failure = FailureClass.REPAIRABLE if passed is False else None
    return {"checks": passed if isinstance(passed, bool) else None, "message": body.message, "failure": failure}


def published(machine: Machine, body: ev.EventBody) -> dict[str, object]:
    """The sentence of the checks or of the agent stands; a branch is shown from the files event."""
    return {"message": machine.message}


def without_result(machine: Machine, body: ev.EventBody) -> dict[str, object]:
    """It ended well and left nothing; whatever the base passes says nothing of it."""
    return {"outcome": RunOutcome.NO_CHANGES, "message": "The agent changed nothing in the repository."}


def began_again(machine: Machine, body: ev.EventBody) -> dict[str, object]:
    """Another iteration, so that every effect key is new."""
    return {
        "iteration": machine.iteration + 1,
        "interruptions": machine.interruptions + 1,
        "message": "I restarted in the middle of this step; it begins again.",
    }


def went_on(machine: Machine, body: ev.EventBody) -> dict[str, object]:
    """Another start of the same session; what it did so far stands in its clone."""
    return {
        "iteration": machine.iteration + 1,
        "interruptions": machine.interruptions + 1,
        "message": "I restarted in the middle of this step; the agent goes on in its session.",
    }


def halted(machine: Machine, body: ev.EventBody) -> dict[str, object]:
    """A person or a limit stopped it; it goes on from here when somebody says so."""
    if not isinstance(body, ev.RunStopped):
        return {}
    message = body.reason or f"Stopped by {body.by}."
    return {"reason": body.cause, "resume_to": _resting_place(machine.state), "message": message}


def broke_off(machine: Machine, body: ev.EventBody) -> dict[str, object]:
    """Its work so far is in the clone, its talk in its session where it keeps one; a person says whether it goes on."""
    said = body.message if isinstance(body, ev.EffectFinished) and body.message else "The agent's program crashed."
    return {"reason": SuspendReason.INTERRUPTED, "resume_to": S.BUILDING, "message": said, "claim": None}


def restarted(machine: Machine, body: ev.EventBody) -> dict[str, object]:
    """Another start of the agent, in the clone as it stands; what the last one claimed counts no more."""
    by = body.by if isinstance(body, ev.Prompted) and body.by else None
    message = (
        f"{by} said something; the agent begins again with it." if by else "Something was said; the agent goes on."
    )
    return {"iteration": machine.iteration + 1, "claim": None, "checks": None, "failure": None, "message": message}


def back_to_agent(machine: Machine, body: ev.EventBody) -> dict[str, object]:
    """Resumed, it goes back to its agent, who alone can do anything with what was said."""
    return {"resume_to": S.BUILDING}


def lost(machine: Machine, body: ev.EventBody) -> dict[str, object]:
    """Cut short too often; a person decides. What a killed agent left half done is not built upon."""
    in_clone = machine.state is not S.BUILDING or in_session(machine, body)
    return {
        "reason": SuspendReason.INTERRUPTED,
        "resume_to": machine.state if in_clone else S.PRECHECK,
        "message": f"This step was cut short {machine.interruptions + 1} times; it waits for a person.",
    }


def stuck(machine: Machine, body: ev.EventBody) -> dict[str, object]:
    """What the agent made is still in its clone; resumed, the agent goes on there and it is tried again."""
    said = (
        body.message if isinstance(body, ev.EffectFinished) and body.message else "The result could not be taken out."
    )
    return {"reason": SuspendReason.INTERRUPTED, "resume_to": S.BUILDING, "message": said, "claim": None}


def resumed(machine: Machine, body: ev.EventBody) -> dict[str, object]:
    """Another iteration of the step that was halted. What an agent claimed counts no more where one starts again."""
    keeps_claim = machine.resume_to in {S.VERIFYING, S.PUBLISHING}
    return {
        "iteration": machine.iteration + 1,
        "interruptions": 0,
        "reason": None,
        "resume_to": None,
        "message": None,
        "claim": machine.claim if keeps_claim else None,
    }


def cancelled(machine: Machine, body: ev.EventBody) -> dict[str, object]:
    """Ended for good by a person."""
    by = body.by if isinstance(body, ev.RunCancelled) and body.by else "its owner"
    reason = f": {body.reason}" if isinstance(body, ev.RunCancelled) and body.reason else "."
    return {
        "failure": FailureClass.CANCELLED,
        "message": f"Cancelled by {by}{reason}",
        "reason": None,
        "resume_to": None,
    }


def _resting_place(state: RunState) -> RunState:
    """Where a halted run goes on. A halted agent begins again in the clone as it stands: stop loses nothing."""
    return state if state in {S.QUEUED, S.PRECHECK, S.VERIFYING, S.PUBLISHING} else S.BUILDING


# -- the table ---------------------------------------------------------------------------------------------------------

DONE = "effect.finished"
CHECKING = (Mode.STANDARD, Mode.FULL)

RESUMES: dict[RunState, tuple[type[fx.Effect], ...]] = {
    S.QUEUED: (),
    S.PRECHECK: (fx.PrepareWorkspace,),
    S.BUILDING: (fx.RunAgent,),
    S.VERIFYING: (fx.RunChecks,),
    S.PUBLISHING: (fx.Publish,),
}
"""Where a suspended run goes on, and with what."""

TABLE: tuple[Rule, ...] = (
    Rule((S.QUEUED,), "run.dequeued", S.PRECHECK, (fx.PrepareWorkspace,), "its turn came"),
    Rule((S.PRECHECK,), DONE, S.BUILDING, (fx.RunAgent,), "the clone is ready", step("prepare", "ok")),
    Rule((S.PRECHECK,), DONE, S.FAILED, (fx.CleanUp,), "no clone", step("prepare", "failed"), failed),
    Rule((S.BUILDING,), DONE, S.BUILDING, (fx.RunAgent,), "it had not heard all that was said", step("build", "ok", unheard),
         restarted),
    Rule((S.BUILDING,), DONE, S.SUSPENDED, (), "the agent crashed", step("build", "ok", crashed), broke_off),
    Rule((S.BUILDING,), DONE, S.BUILDING, (fx.Harvest,), "the agent ended", step("build", "ok"), claim),
    Rule((S.BUILDING,), DONE, S.FAILED, (fx.CleanUp,), "the agent did not start", step("build", "failed"), failed),
    Rule((S.BUILDING,), DONE, S.PUBLISHING, (fx.Publish,), "it failed; what it made is kept",
         step("harvest", "ok", claimed(done=False))),
    Rule((S.BUILDING,), DONE, S.COMPLETE, (fx.CleanUp,), "nothing was changed", step("harvest", "ok", unchanged),
         without_result),
    Rule((S.BUILDING,), DONE, S.VERIFYING, (fx.RunChecks,), "checks prove it", step("harvest", "ok", in_mode(*CHECKING))),
    Rule((S.BUILDING,), DONE, S.PUBLISHING, (fx.Publish,), "mode fast: no checks", step("harvest", "ok")),
    # The clone holds the only copy: nothing is cleaned up before a person has decided.
    Rule((S.BUILDING,), DONE, S.SUSPENDED, (), "the result could not be taken out", step("harvest", "failed"), stuck),
    Rule((S.VERIFYING,), DONE, S.PUBLISHING, (fx.Publish,), "checks ended", step("checks", "ok"), checked),
    Rule((S.VERIFYING,), DONE, S.PUBLISHING, (fx.Publish,), "checks could not run", step("checks", "failed"), checked),
    Rule((S.PUBLISHING,), DONE, S.FAILED, (fx.CleanUp,), "the agent said it failed",
         step("publish", "ok", claimed(done=False)), published),
    Rule((S.PUBLISHING,), DONE, S.FAILED, (fx.CleanUp,), "checks failed", step("publish", "ok", verdict(False)), published),
    # Collected by an earlier version, which let an empty result go on to the checks.
    Rule((S.PUBLISHING,), DONE, S.COMPLETE, (fx.CleanUp,), "nothing was changed", step("publish", "ok", unchanged),
         without_result),
    Rule((S.PUBLISHING,), DONE, S.COMPLETE, (fx.CleanUp,), "published", step("publish", "ok"), published),
    Rule((S.PUBLISHING,), DONE, S.PARTIAL, (fx.CleanUp,), "work kept, not published", step("publish", "failed"), failed),
    # A crash cut a step short: an agent goes on in its session, or begins again in a fresh clone; other steps are done again.
    Rule((S.PRECHECK,), DONE, S.PRECHECK, (fx.PrepareWorkspace,), "cut short", step("prepare", "interrupted", again), began_again),
    Rule((S.BUILDING,), DONE, S.BUILDING, (fx.RunAgent,), "cut short, its session is kept",
         step("build", "interrupted", again, in_session), went_on),
    Rule((S.BUILDING,), DONE, S.PRECHECK, (fx.PrepareWorkspace,), "cut short", step("build", "interrupted", again), began_again),
    Rule((S.BUILDING,), DONE, S.BUILDING, (fx.Harvest,), "cut short", step("harvest", "interrupted", again), began_again),
    Rule((S.VERIFYING,), DONE, S.VERIFYING, (fx.RunChecks,), "cut short", step("checks", "interrupted", again), began_again),
    Rule((S.PUBLISHING,), DONE, S.PUBLISHING, (fx.Publish,), "cut short", step("publish", "interrupted", again), began_again),
    *(
        Rule((state,), DONE, S.SUSPENDED, (), "cut short too often", step(name, "interrupted"), lost)
        for state, name in (
            (S.PRECHECK, "prepare"), (S.BUILDING, "build"), (S.BUILDING, "harvest"),
            (S.VERIFYING, "checks"), (S.PUBLISHING, "publish"),
        )
    ),
    # People.
    Rule((S.QUEUED,), "run.stopped", S.SUSPENDED, (), "a person stopped it", then=halted),
    Rule(WORKING, "run.stopped", S.SUSPENDED, (fx.StopAgent,), "a person stopped it", then=halted),
    Rule((S.BUILDING, S.VERIFYING), "prompt", S.BUILDING, (fx.StopAgent, fx.RunAgent), "a person had it begin again",
         begins_again, restarted),
    Rule((S.SUSPENDED,), "prompt", S.SUSPENDED, (), "what was said takes its agent again",
         resumes_to(S.VERIFYING, S.PUBLISHING), back_to_agent),
    *(
        Rule((S.SUSPENDED,), on, state, do, why, resumes_to(state, because=because), resumed)
        for on, why, because in (
            ("run.resumed", "a person resumed it", None), ("budget.raised", "its limit was raised", SuspendReason.BUDGET),
        )
        for state, do in RESUMES.items()
    ),
    Rule((S.QUEUED,), "run.cancelled", S.CANCELLED, (), "a person cancelled it", then=cancelled),
    Rule(WORKING, "run.cancelled", S.CANCELLED, (fx.StopAgent, fx.CleanUp), "a person cancelled it", then=cancelled),
    Rule((S.SUSPENDED,), "run.cancelled", S.CANCELLED, (fx.CleanUp,), "a person cancelled it", then=cancelled),
)  # fmt: skip


def advance(machine: Machine, body: ev.EventBody) -> Decision:
    """What one event means for a hosted run.

    Pure: the same machine and event give the same decision. An event that no row knows changes nothing.
    """
    for rule in _rules(machine.state, body.type):
        if rule.when(machine, body):
            return _apply(machine, body, rule)
    return Decision(machine)


def _rules(state: RunState, type_: str) -> Iterator[Rule]:
    return (rule for rule in TABLE if rule.on == type_ and state in rule.states)


def _apply(machine: Machine, body: ev.EventBody, rule: Rule) -> Decision:
    after = machine.model_copy(update={**rule.then(machine, body), "state": rule.to})
    changed = ev.RunStateChanged(
        state=rule.to,
        previous=machine.state,
        cause=body.type,
        iteration=after.iteration,
        reason=after.reason if rule.to is S.SUSPENDED else None,
        resume_to=after.resume_to if rule.to is S.SUSPENDED else None,
        message=after.message,
        failure=after.failure,
        outcome=after.outcome,
    )
    return Decision(after, tuple(_effect(kind, machine, after) for kind in rule.do), (changed,))


def _effect(kind: type[fx.Effect], before: Machine, after: Machine) -> fx.Effect:
    """What is halted is of the iteration before; what begins is of the one after."""
    return kind(iteration=before.iteration if kind is fx.StopAgent else after.iteration)
