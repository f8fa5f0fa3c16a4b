"""How long and how many sessions of agents are kept: a section of the settings; counterpart of `sessions.py`."""

from typing import Annotated

from pydantic import Field

from ompycord.domain.base import Frozen

__all__ = ["SessionLimits"]


class SessionLimits(Frozen):
    """How long the sessions of agents are kept for follow-ups."""

    sessions_days: Annotated[int, Field(ge=0, le=3650)] = 7
    """Days after the end of its last run; 0 keeps none."""
    sessions_mib: Annotated[int, Field(ge=0, le=10_000_000)] = 2048
    """MiB of all of them together; the oldest goes first."""
    setups: Annotated[int, Field(ge=1, le=1000)] = 10
    """Set-ups of each repository that are kept: the ones that were used last, and those that a run uses."""
