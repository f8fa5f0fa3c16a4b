"""The section `tapes` of the settings: which runs are recorded, and for how long that is kept."""

from typing import Annotated

from pydantic import Field

from ompycord.domain.base import Frozen

__all__ = ["TapeOptions"]


class TapeOptions(Frozen):
    """Recording of what agents ask models."""

    record: bool = False
    """Whether every run is recorded, and not only those that were started so."""
    days: Annotated[int, Field(ge=1, le=3650)] = 14
    """How long a tape is kept."""
    max_mib: Annotated[int, Field(ge=1, le=10_240)] = 256
    """The size of one run's tape, in MiB; what comes after it is not recorded, and the tape says so."""
