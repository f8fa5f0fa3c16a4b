"""How long and how much of ended runs is kept: a section of the settings.

Counterpart of `sessions.py`, `preparing/kept.py` and `retention/`.
"""

from typing import Annotated

from pydantic import Field

from ompycord.domain.base import Frozen

__all__ = ["SessionLimits"]


class SessionLimits(Frozen):
    """How long sessions, set-ups and results are kept."""

    sessions_days: Annotated[int, Field(ge=0, le=3650)] = 7
    """Days after the end of its last run; 0 keeps none."""
    sessions_mib: Annotated[int, Field(ge=0, le=10_000_000)] = 2048
    """MiB of all of them together; the oldest goes first."""
    results_days: Annotated[int, Field(ge=0, le=3650)] = 180
    """Days for which the folder of an ended run keeps its result; 0: as long as there is room."""
    results_mib: Annotated[int, Field(ge=1, le=100_000_000)] = 20_480
    """MiB of all of them together; the oldest goes first, archived where it is on no branch."""
    results_dry_run: bool = False
    """Whether what is due is only named, in the log and by `doctor`."""
    setups: Annotated[int, Field(ge=1, le=1000)] = 10
    """Set-ups of each repository that are kept: the ones that were used last, and those that a run uses."""
