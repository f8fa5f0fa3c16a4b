"""One sentence about the end of an agent's program that the agent itself did not explain; used by both shells."""

from typing import Final

from ompycord.domain.repository import AgentSpec
from ompycord.processes import Outcome, ProcessResult

__all__ = ["has_crashed", "how_it_ended"]

_FATAL: Final = frozenset({4, 6, 7, 8, 9, 11})
"""Signals that no program sends to itself: illegal instruction, abort, bus, arithmetic, kill, memory (signal(7))."""
_BY_SIGNAL: Final = 128
"""What shells and bubblewrap add to the number of the signal that ended the program."""


def has_crashed(result: ProcessResult) -> bool:
    """Whether an unplanned signal ended the program: memory that ran out, a defect, a kill -9."""
    if result.outcome is not Outcome.EXITED:
        return False
    return (result.signal or (result.exit_code or 0) - _BY_SIGNAL) in _FATAL


def how_it_ended(spec: AgentSpec, result: ProcessResult, last_line: str, *, early: bool = False) -> str:
    """The sentence.

    `last_line` is the program's last line, if any. `early`: any end is one before its work was done.
    """
    name = spec.name
    match result.outcome:
        case Outcome.WALL_TIMEOUT:
            return f"{name} was not done within {spec.wall_s:.0f} s and was ended."
        case Outcome.IDLE_TIMEOUT:
            return f"{name} said nothing for {spec.idle_s:.0f} s and was ended."
        case Outcome.OUTPUT_LIMIT:
            return f"{name} wrote more than can be read and was ended."
        case Outcome.OVER_LIMIT:
            return f"{name} {result.over_limit} and was ended."
        case Outcome.STOPPED:
            return f"{name} was stopped."
        case Outcome.EXITED:
            how = f"signal {result.signal}" if result.signal is not None else f"exit code {result.exit_code}"
            what = f"{name} ended before its work was done, with {how}" if early else f"{name} ended with {how}"
            return what + (f": {last_line}" if last_line else ".")
