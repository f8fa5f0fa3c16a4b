"""One sentence about the end of an agent's program that the agent itself did not explain; used by both shells."""

from ompycord.domain.repository import AgentSpec
from ompycord.processes import Outcome, ProcessResult

__all__ = ["how_it_ended"]


def how_it_ended(spec: AgentSpec, result: ProcessResult, last_line: str, *, early: bool = False) -> str:
    """`last_line` is what the program said last, if anything. `early`: any end is one before its work was done."""
    name = spec.name
    match result.outcome:
        case Outcome.WALL_TIMEOUT:
            return f"{name} was not done within {spec.wall_s:.0f} s and was ended."
        case Outcome.IDLE_TIMEOUT:
            return f"{name} said nothing for {spec.idle_s:.0f} s and was ended."
        case Outcome.OUTPUT_LIMIT:
            return f"{name} wrote more than can be read and was ended."
        case Outcome.STOPPED:
            return f"{name} was stopped."
        case Outcome.EXITED:
            how = f"signal {result.signal}" if result.signal is not None else f"exit code {result.exit_code}"
            what = f"{name} ended before its work was done, with {how}" if early else f"{name} ended with {how}"
            return what + (f": {last_line}" if last_line else ".")
