"""Reads a run's log for the guardian: which of its events are steps, messages and rounds, and what was done before.

Pure, and a function of the events in the order of the log, so that a restart of Ompycord forgets nothing. Counterpart:
`watcher.py`, which judges.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

from ompycord.domain import events as ev
from ompycord.domain.guardian.escalation import EscalationLevel, next_level
from ompycord.domain.guardian.fingerprints import step_of
from ompycord.domain.guardian.options import GuardianOptions
from ompycord.domain.guardian.rounds import CheckRound
from ompycord.domain.guardian.verdicts import LoopVerdict
from ompycord.domain.guardian.watcher import StepWatcher
from ompycord.domain.ids import OMPYCORD, Source

__all__ = ["WATCHED_TYPES", "RunWatch"]

WATCHED_TYPES: Final = frozenset(
    {
        *("tool.started", "tool.finished", "message", "run.started", "run.resumed", "prompt"),
        *("question.answered", "check.finished", "effect.finished", "guardian.noticed"),
    }
)
"""The types of events that `RunWatch.add` looks at."""
_CALLS: Final = 200


@dataclass(slots=True)
class _Checks:
    """Our checks of the round that is under way."""

    failing: set[str] = field(default_factory=set[str])
    failed: int = 0
    error: str = ""
    has_failed: bool = False


class RunWatch:
    """One run, from the beginning of its log."""

    def __init__(self, options: GuardianOptions) -> None:
        self.position = 0
        """Up to which event of the log it knows."""
        self._circling: LoopVerdict | None = None
        self._stuck: LoopVerdict | None = None
        """Of rounds of checks: it holds until the next round, whatever the agent does in between."""
        self.last_level: EscalationLevel | None = None
        """What was done last about a loop, until the agent has been calm for a while or people changed its task."""
        self.steps = 0
        """Uses of tools so far."""
        self.notices = 0
        """How often something was done about a loop."""
        self._options = options
        self._watcher = StepWatcher(options)
        self._calm = 0
        self._titles: OrderedDict[tuple[Source, str], str] = OrderedDict()
        self._checks = _Checks()

    @property
    def verdict(self) -> LoopVerdict | None:
        """The loop that the agent is in now, or in which its rounds are."""
        return self._stuck or self._circling

    @property
    def next_level(self) -> EscalationLevel:
        """What to do about `verdict`."""
        return next_level(self.last_level)

    def add(self, event: ev.RunEvent) -> None:
        """Take in the next event; one at or before `position` is ignored."""
        if event.position <= self.position:
            return
        self.position = event.position
        match event.body:
            case ev.ToolStarted(call=str(call), title=str(title)):
                self._titles[event.source, call] = title
                if len(self._titles) > _CALLS:
                    self._titles.popitem(last=False)
            case ev.ToolFinished() as body:
                self._on_step(body, event)
            case ev.Message(text=text):
                self._circling = self._watcher.message(text)
            case ev.GuardianNoticed(level=level):
                self.notices += 1
                self.last_level, self._calm = level, 0
                self._circling = self._stuck = None
                self._watcher.forget_steps()
            case ev.Prompted() | ev.QuestionAnswered() if event.source == OMPYCORD:
                self.last_level = self._circling = self._stuck = None
                self._watcher.forget_all()
            case ev.RunStarted() | ev.RunResumed() | ev.RunRolledBack():
                self._circling = None
                self._watcher.forget_steps()
            case _:
                self._on_checks(event)

    def _on_step(self, body: ev.ToolFinished, event: ev.RunEvent) -> None:
        self.steps += 1
        title = self._titles.pop((event.source, body.call), None) if body.call is not None else None
        if body.title is None and title is not None:
            body = body.model_copy(update={"title": title})
        self._circling = self._watcher.step(step_of(body, event.at, number=self.steps))
        self._calm = 0 if self._circling is not None else self._calm + 1
        if self._calm >= self._options.calm_steps:
            self.last_level = None

    def _on_checks(self, event: ev.RunEvent) -> None:
        """Only checks that we ran count. A round is over with the effect that ran them, which names the files."""
        if event.source != OMPYCORD:
            return
        match event.body:
            case ev.CheckFinished(status="failed" | "timeout" | "error") as body:
                self._checks.has_failed = True
                self._checks.failing.update(f"{body.check}: {one}" for one in body.failing or (body.status,))
                self._checks.failed += max(body.failed or 0, len(body.failing), 1)
                self._checks.error = self._checks.error or body.detail or ""
            case ev.EffectFinished(facts=facts) if self._checks.has_failed:
                tree = facts.get("tree")
                checks, self._checks = self._checks, _Checks()
                failing, known = frozenset(checks.failing), tree if isinstance(tree, str) else None
                self._stuck = self._watcher.round(CheckRound(known, failing, checks.error, checks.failed))
            case _:
                pass
