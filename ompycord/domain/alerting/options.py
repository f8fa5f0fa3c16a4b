"""The section `alerts` of the settings: which alerts there are, when, and what is pinged while all is well."""

from pathlib import Path
from typing import Annotated, Final, Literal, get_args

from pydantic import Field

from ompycord.domain.base import Frozen
from ompycord.domain.person_settings import QuietHours

__all__ = ["ALERTS", "AlertName", "AlertOptions", "HeartbeatOptions"]

AlertName = Literal[
    "archive",
    "backlog",
    "backup",
    "database",
    "deliveries",
    "descriptors",
    "discord",
    "disk",
    "disk_full",
    "limits",
    "loop",
    "memory",
    "provider",
    "queue",
    "restore_trial",
]
ALERTS: Final[tuple[AlertName, ...]] = get_args(AlertName)

Seconds = Annotated[int, Field(ge=0, le=7 * 86_400)]


class HeartbeatOptions(Frozen):
    """An address that is asked again and again while Ompycord works: whoever owns it reports when that stops."""

    url_file: Path
    """Holds the address, which is a secret. A relative one lies in the data folder."""
    every_s: int = Field(default=60, ge=10, le=3600)


class AlertOptions(Frozen):
    """What operators are notified of, beside `/omp health`."""

    off: tuple[AlertName, ...] = ()
    """These are neither looked for nor shown as alerts."""
    after_s: dict[AlertName, Seconds] = Field(default_factory=dict[AlertName, Seconds])
    """How long something must be wrong before it is an alert, by its name; others keep their own time."""
    clear_s: int = Field(default=60, ge=0, le=86_400)
    """How long it must be right again before that is reported."""
    quiet: QuietHours | None = None
    """Within these hours nothing is sent; what is still wrong at their end is sent then."""
    always: tuple[AlertName, ...] = ()
    """These are sent in quiet hours too."""
    memory_mib: int = Field(default=2048, ge=64, le=1_048_576)
    """Resident memory of this process above which it is an alert."""
    heartbeat: HeartbeatOptions | None = None
