"""The section `backup` of the settings: where backups are kept, how often one is made, how many stay."""

from pydantic import Field

from ompycord.domain.base import Frozen
from ompycord.domain.configuration.written import WrittenPath

__all__ = ["BackupOptions"]


class BackupOptions(Frozen):
    """Backups that `up` makes by itself, and those of `ompycord backup`."""

    folder: WrittenPath | None = None
    """A relative one is in the data folder; without one `backups` there. Another disk outlives this one."""
    every_hours: int = Field(default=24, ge=0, le=24 * 31)
    """A new one when the newest is so old; 0: only by command."""
    keep: int = Field(default=14, ge=1, le=10_000)
    """How many stay; the newest that was found whole always does."""
    drill_days: int = Field(default=7, ge=0, le=366)
    """How often the newest one is put back into an empty folder on trial; 0: never."""
    secrets: bool = False
    """Also the folder `secrets`: then a backup alone brings everything back, and must be guarded like it."""
    key_file: WrittenPath | None = None
    """Made by `ompycord backup new-key`: new backups are encrypted with its first key, and all of them open old ones.

    A relative one is in the data folder. Without one backups are not encrypted.
    """
