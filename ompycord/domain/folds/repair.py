"""What an agent that repairs is told: what failed, what its result changes, what it tried before; pure.

Counterpart: `dialects/prompts/repair_text.py`, which puts it into words. Never the transcript: a session has that
itself, and a fresh start is better off without it.
"""

from collections.abc import Iterable
from typing import Final

from ompycord.domain import events as ev
from ompycord.domain.base import Frozen
from ompycord.domain.ids import OMPYCORD
from ompycord.domain.reports.findings import ReviewFinding
from ompycord.domain.run import RunState

__all__ = ["RepairFacts", "RepairRound", "repair_facts"]

_ATTEMPTS: Final = 2
_WORDS: Final = 1000
_RED: Final = frozenset({"failed", "timeout"})


class RepairRound(Frozen):
    """A round that ended red."""

    round: int
    words: str = ""
    """What the agent said at its end; empty where it said nothing."""
    files: tuple[ev.ChangedFile, ...] = ()
    """What its result changed of the base."""
    is_unchanged: bool = False
    """Whether it left the result as the round before had it."""


class RepairFacts(Frozen):
    """What the last verification found."""

    round: int
    max_rounds: int
    verdict: str
    """One sentence."""
    failing: tuple[str, ...] = ()
    """Names of failed tests, as far as the checks name them."""
    failed: int = 0
    """How many tests failed."""
    errors: tuple[ev.FailedTest, ...] = ()
    refused: tuple[ev.GuardFinding, ...] = ()
    """Why the guard did not take the last result, which no check saw; empty where it did."""
    attempts: tuple[RepairRound, ...] = ()
    """The last rounds, oldest first; the last one made the result that is to be repaired."""
    findings: tuple[ReviewFinding, ...] = ()
    """What a review found, where that is to be repaired; the blocking ones come first."""


class _Reader:
    """Follows a run's log."""

    def __init__(self) -> None:
        self.state: ev.RunStateChanged | None = None
        self.checks: dict[str, ev.CheckFinished] = {}
        self.errors: dict[str, tuple[ev.FailedTest, ...]] = {}
        self.attempts: list[RepairRound] = []
        self.verdict = ""
        self.refused: tuple[ev.GuardFinding, ...] = ()
        self.findings: tuple[ReviewFinding, ...] = ()
        self._words = ""
        self._files: tuple[ev.ChangedFile, ...] = ()

    def read(self, body: ev.EventBody, *, is_ours: bool) -> None:
        match body:
            case ev.RunStateChanged() if is_ours:
                self._moved(body)
            case ev.CheckFinished() if is_ours:
                self.checks[body.check] = body
            case ev.ChecksErred() if is_ours:
                self.errors[body.check] = body.tests
            case ev.ResultGuarded() if is_ours:
                self.refused = body.findings
            case ev.ReviewFinished() if is_ours:
                self.findings = tuple(sorted(body.findings, key=lambda finding: not finding.is_blocking))
            case ev.FilesChanged() if is_ours:
                self._files = body.files
            case ev.Message():
                self._words = body.text
            case ev.RunFinished():
                self._words = body.summary or self._words
            case ev.RunFailed():
                self._words = body.message
            case _:
                pass

    def _moved(self, body: ev.RunStateChanged) -> None:
        before = self.state.round if self.state is not None else 1
        if body.state in {RunState.BUILDING, RunState.VERIFYING}:
            self.checks, self.errors, self.findings = {}, {}, ()
        if body.state is RunState.REPAIRING and body.round > before:
            unchanged = body.previous is RunState.REPAIRING and not self.refused
            words = self._words[:_WORDS]
            self.attempts.append(RepairRound(round=before, words=words, files=self._files, is_unchanged=unchanged))
            self._words = ""
            self.verdict = body.message or "The checks failed."
        elif body.round < before:  # a person sent the agent back: its rounds are counted from one
            self.attempts = []
        self.state = body


def repair_facts(events: Iterable[ev.RunEvent]) -> RepairFacts | None:
    """The facts by a run's whole log, in the order of its positions; None where its agent repairs nothing."""
    reader = _Reader()
    for event in events:
        reader.read(event.body, is_ours=event.source == OMPYCORD)
    if reader.state is None or reader.state.state is not RunState.REPAIRING:
        return None
    red = [check for check in reader.checks.values() if check.status in _RED and not reader.refused]
    return RepairFacts(
        round=reader.state.round,
        max_rounds=reader.state.max_rounds,
        verdict=reader.verdict,
        failing=tuple(name for check in red for name in check.failing),
        failed=sum(check.failed or 0 for check in red),
        errors=tuple(error for check in red for error in reader.errors.get(check.check, ())),
        refused=reader.refused,
        attempts=tuple(reader.attempts[-_ATTEMPTS:]),
        findings=reader.findings,
    )
