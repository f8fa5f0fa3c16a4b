"""A run as the starts of its agent: what each took and how it ended; pure. Counterpart: `render/stories/`."""

from collections.abc import Iterable

from ompycord.domain import events as ev
from ompycord.domain.base import Frozen, Millis
from ompycord.domain.ids import OMPYCORD
from ompycord.domain.run import FINAL, RunState

__all__ = ["RunStep", "StartOfAgent", "starts_of", "steps_of"]

_AT_WORK = frozenset({RunState.BUILDING, RunState.REPAIRING})


class StartOfAgent(Frozen):
    """One start of the agent, with the verification of its result."""

    iteration: int
    round: int
    at: Millis
    ended_at: Millis | None = None
    """When the next one began or the run ended; None while it lasts."""
    tokens: int = 0
    """Input and output."""
    cost_usd: float | None = None
    """None where none is known."""
    files: int | None = None
    """Files that its result changes of the base; None where nothing was collected."""
    checks: tuple[str, ...] = ()
    """Each check of ours with its end: `unit failed`."""
    commit: str | None = None
    """Its result; None where nothing was collected."""
    rolled_back_to: int | None = None
    """The round whose result it began with, where a person put the work back before it."""
    refused: str | None = None
    """Why the guard did not take its result: the first finding's rule."""


class RunStep(Frozen):
    """A transition of the run."""

    at: Millis
    state: RunState
    round: int
    message: str | None = None
    """The sentence of the decision."""


class _Counted:
    """What is counted for one start of the agent; ours where we metered."""

    def __init__(self) -> None:
        self.tokens = {True: 0, False: 0}
        self.cost: dict[bool, float | None] = {True: None, False: None}
        self.checks: dict[str, str] = {}
        self.is_metered = False

    def add(self, body: ev.UsageUpdated, *, is_ours: bool) -> None:
        self.is_metered = self.is_metered or is_ours
        self.tokens[is_ours] += body.input + body.output
        if body.cost_usd is not None:
            self.cost[is_ours] = (self.cost[is_ours] or 0.0) + body.cost_usd


def steps_of(events: Iterable[ev.RunEvent]) -> tuple[RunStep, ...]:
    """Each change of the run's state, by its log in the order of its positions; a step that goes on is one step."""
    steps: list[RunStep] = []
    for event in events:
        body = event.body
        if event.source != OMPYCORD or not isinstance(body, ev.RunStateChanged):
            continue
        step = RunStep(at=event.at, state=body.state, round=body.round, message=body.message)
        if not steps or (steps[-1].state, steps[-1].round) != (step.state, step.round):
            steps.append(step)
    return tuple(steps)


def starts_of(events: Iterable[ev.RunEvent]) -> tuple[StartOfAgent, ...]:
    """Every start of the agent, oldest first, by the run's whole log in the order of its positions."""
    starts: list[StartOfAgent] = []
    counted = _Counted()
    back: int | None = None
    for event in events:
        body, is_ours = event.body, event.source == OMPYCORD
        if is_ours and isinstance(body, ev.RunRolledBack):
            back = body.round
        if is_ours and isinstance(body, ev.RunStateChanged):
            is_next = body.state in _AT_WORK and (not starts or starts[-1].iteration != body.iteration)
            if starts and starts[-1].ended_at is None and (is_next or body.state in FINAL):
                starts[-1] = starts[-1].model_copy(update={"ended_at": event.at})
            if is_next:
                starts.append(
                    StartOfAgent(iteration=body.iteration, round=body.round, at=event.at, rolled_back_to=back)
                )
                back = None
                counted = _Counted()
        elif starts:
            starts[-1] = _with(starts[-1], body, counted, is_ours=is_ours)
    return tuple(starts)


def _with(start: StartOfAgent, body: ev.EventBody, counted: _Counted, *, is_ours: bool) -> StartOfAgent:
    match body:
        case ev.UsageUpdated():
            counted.add(body, is_ours=is_ours)
            mine = counted.is_metered
            return start.model_copy(update={"tokens": counted.tokens[mine], "cost_usd": counted.cost[mine]})
        case ev.FilesChanged() if is_ours:
            return start.model_copy(update={"files": body.total or len(body.files), "commit": body.commit})
        case ev.CheckFinished() if is_ours:
            counted.checks[body.check] = body.status
            return start.model_copy(update={"checks": tuple(f"{name} {how}" for name, how in counted.checks.items())})
        case ev.ResultGuarded() if is_ours:
            return start.model_copy(update={"refused": body.findings[0].rule if body.findings else None})
        case _:
            return start
