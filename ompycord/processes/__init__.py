"""The only subprocess launcher of the product: own groups, own environments, clocks, the kill ladder, parent death."""

from ompycord.processes.command import run
from ompycord.processes.detached import start_detached
from ompycord.processes.ladder import sweep
from ompycord.processes.launcher import Launch, RunningProcess, launch
from ompycord.processes.spawn import find_program
from ompycord.processes.spec import (
    MARKER,
    Allowance,
    Bounds,
    Clocks,
    Completed,
    Line,
    Outcome,
    ProcessResult,
    ProcessSpec,
    Stream,
)

__all__ = [
    "MARKER",
    "Allowance",
    "Bounds",
    "Clocks",
    "Completed",
    "Launch",
    "Line",
    "Outcome",
    "ProcessResult",
    "ProcessSpec",
    "RunningProcess",
    "Stream",
    "find_program",
    "launch",
    "run",
    "start_detached",
    "sweep",
]
