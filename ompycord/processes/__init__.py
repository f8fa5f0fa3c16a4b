"""The only subprocess launcher of the product: own groups, own environments, clocks, TERM and KILL, parent death."""

from ompycord.processes.command import run
from ompycord.processes.detached import start_detached
from ompycord.processes.escalation import kill_strays
from ompycord.processes.launcher import Launch, RunningProcess, launch
from ompycord.processes.spawn import find_program, named_program
from ompycord.processes.spec import (
    MARKER,
    Bounds,
    Clocks,
    Completed,
    Line,
    Outcome,
    ProcessResult,
    ProcessSpec,
    ResourceLimits,
    Stream,
)

__all__ = [
    "MARKER",
    "Bounds",
    "Clocks",
    "Completed",
    "Launch",
    "Line",
    "Outcome",
    "ProcessResult",
    "ProcessSpec",
    "ResourceLimits",
    "RunningProcess",
    "Stream",
    "find_program",
    "kill_strays",
    "launch",
    "named_program",
    "run",
    "start_detached",
]
