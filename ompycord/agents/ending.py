"""How an agent's program ended that did not explain it itself: who ended it, and one sentence; for both shells."""

from typing import Final

from ompycord.dialects.provider_refusals import ProviderRefusal, read_refusal
from ompycord.domain.ports import AgentOutcome
from ompycord.domain.repository import AgentSpec
from ompycord.domain.run import EndedBy, FailureClass
from ompycord.processes import Outcome, ProcessResult
from ompycord.text import cut, cut_head

__all__ = ["unexplained"]

_FATAL: Final = frozenset({4, 6, 7, 8, 9, 11})
"""Signals that no program sends to itself: illegal instruction, abort, bus, arithmetic, kill, memory (signal(7))."""
_BY_SIGNAL: Final = 128
"""What shells and bubblewrap add to the number of the signal that ended the program."""
_NOT_EXECUTED: Final = frozenset({126, 127})
"""Exit codes of shells and our confinement where the program cannot be executed; some have other reasons, too."""
_SENTENCE: Final = 500
"""Characters of an outcome's message (`events.EffectFinished.message`)."""
_LAST_WORDS: Final = 160
"""Characters of a program's last line: its end says what was wrong, and a card has room for so many."""

_ENDED: Final = {
    Outcome.EXITED: (EndedBy.EXIT, FailureClass.REPAIRABLE),
    Outcome.WALL_TIMEOUT: (EndedBy.CLOCK, FailureClass.TRANSIENT),
    Outcome.IDLE_TIMEOUT: (EndedBy.CLOCK, FailureClass.REPAIRABLE),
    Outcome.OUTPUT_LIMIT: (EndedBy.LIMITS, FailureClass.REPAIRABLE),
    Outcome.OVER_LIMIT: (EndedBy.LIMITS, FailureClass.POLICY),
    Outcome.STOPPED: (EndedBy.PERSON, FailureClass.REPAIRABLE),
}
"""Who ended the program, and the class. One that worked until its time was over may go on where it stopped."""


def unexplained(
    spec: AgentSpec,
    result: ProcessResult,
    last_lines: tuple[str, ...],
    *,
    now_ms: int,
    has_spoken: bool,
    early: bool = False,
) -> AgentOutcome:
    """The outcome of a program without a report that counts.

    `last_lines` are the latest of what it wrote beside its protocol; a provider's refusal may stand in them. `early`:
    any end is one before its work was done, whatever its exit code. `now_ms` dates what the provider says. A program
    that has not `has_spoken`, except on its standard error, may never have been executed; where it ends `early`, too,
    this machine lacks what it needs, and to start it again changes nothing.
    """
    ended_by, failure = _ENDED[result.outcome]
    if result.outcome is Outcome.EXITED:
        refusal = next((one for line in reversed(last_lines) if (one := _refusal(line, now_ms))), None)
        if refusal is not None:
            return refusal[0].outcome(cut(refusal[1], _SENTENCE))
        if not has_spoken and (result.exit_code in _NOT_EXECUTED or (early and not _has_crashed(result))):
            failure = FailureClass.ENV
        elif early or _has_crashed(result):
            failure = FailureClass.LOST
    last_line = last_lines[-1] if last_lines else ""
    when = (" before its work was done" if has_spoken else " at its start") if early else ""
    message = cut(_sentence(spec, result, last_line, when=when), _SENTENCE)
    return AgentOutcome(claim=False, message=message, failure=failure, ended_by=ended_by)


def _refusal(line: str, now_ms: int) -> tuple[ProviderRefusal, str] | None:
    refusal = read_refusal(line, now_ms=now_ms, report="output")
    return (refusal, line) if refusal else None


def _has_crashed(result: ProcessResult) -> bool:
    """Whether an unplanned signal ended the program: memory that ran out, a defect, a kill -9."""
    return (result.signal or (result.exit_code or 0) - _BY_SIGNAL) in _FATAL


def _sentence(spec: AgentSpec, result: ProcessResult, last_line: str, *, when: str) -> str:
    name = spec.name
    match result.outcome:
        case Outcome.WALL_TIMEOUT:
            return f"{name} was not done within {spec.wall_s:.0f} s, so Ompycord stopped it."
        case Outcome.IDLE_TIMEOUT:
            return f"{name} stopped responding for {spec.idle_s:.0f} s, so Ompycord stopped it."
        case Outcome.OUTPUT_LIMIT:
            return f"{name} wrote more than can be read, so Ompycord stopped it."
        case Outcome.OVER_LIMIT:
            return f"{name} {result.over_limit}, so Ompycord stopped it."
        case Outcome.STOPPED:
            return f"{name} was stopped."
        case Outcome.EXITED:
            how = (
                f"was ended by signal {result.signal}"
                if result.signal is not None
                else f"exited with code {result.exit_code}"
            )
            what = f"{name} {how}{when}"
            return what + (f": {cut_head(last_line, _LAST_WORDS)}" if last_line else ".")
