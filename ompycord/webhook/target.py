"""What the sidecar needs of the store: ports of the domain, together."""

from typing import Protocol

from ompycord.domain.ports import EventBacklog, EventLog, Folds, Runs

__all__ = ["EventTarget", "HookTarget", "ReportedRuns"]


class ReportedRuns(Runs, Folds, Protocol):
    """What is told of runs: their rows and what is true of them."""


class HookTarget(EventLog, Folds, Protocol):
    """Where pushed events go, and what is true of their runs."""


class EventTarget(ReportedRuns, HookTarget, EventBacklog, Protocol):
    """Where events go, how far the projector is behind, and what is told of runs."""
