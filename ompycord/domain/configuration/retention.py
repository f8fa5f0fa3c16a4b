"""The section `retention` of the settings: what becomes of events and files of runs that ended long ago."""

from pydantic import Field, field_validator

from ompycord.domain.base import Frozen

__all__ = ["RetentionOptions"]

_FEWEST_DAYS = 30


class RetentionOptions(Frozen):
    """How long events stay in the database, and attached files at all."""

    events_days: int = Field(default=90, ge=0, le=36_500)
    """Days after which the events of ended runs move into a compressed file a month; 30 or more, or 0: never."""
    files_days: int = Field(default=365, ge=0, le=36_500)
    """Days after the end of the last run that names an attached file, when it goes; 30 or more, or 0: never."""
    dry_run: bool = False
    """Whether what is due is only named, in the log and by `/omp health`."""

    @field_validator("events_days", "files_days")
    @classmethod
    def _is_long_enough(cls, value: int) -> int:
        """What senders may repeat, sessions and messages that wait are younger than that."""
        if 0 < value < _FEWEST_DAYS:
            raise ValueError(f"write {_FEWEST_DAYS} or more, or 0 to keep all of them")
        return value
