"""What a person chose for themselves: pings, quiet hours, the agent, their name on commits.

Counterpart of the `people` table. docs/contracts/cards.md, *Quiet hours*: quiet hours hold back everything but what
only this person can answer.
"""

from datetime import UTC, datetime, time
from enum import StrEnum
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, StringConstraints, field_validator

from ompycord.domain.base import Frozen, Millis

__all__ = ["PersonSettings", "Pings", "QuietHours"]

ClockTime = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]


class Pings(StrEnum):
    """Where a person is notified that a run needs or answers them."""

    THREAD = "thread"
    DM = "dm"
    NONE = "none"


class QuietHours(Frozen):
    """Every day from `start` to `end` in the person's own time zone; past midnight where `end` is earlier."""

    start: ClockTime
    end: ClockTime
    zone: Annotated[str, Field(max_length=64)]
    """IANA, such as `Europe/Berlin`."""

    @field_validator("zone")
    @classmethod
    def _exists(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: a folder of the zone database
            raise ValueError("is no time zone: give one such as Europe/Berlin or UTC") from None
        return zone

    def holds(self, at: Millis) -> bool:
        """Whether this moment is quiet. The same start and end mean the whole day."""
        now = datetime.fromtimestamp(at / 1000, UTC).astimezone(ZoneInfo(self.zone)).time()
        start, end = time.fromisoformat(self.start), time.fromisoformat(self.end)
        return start <= now < end if start < end else now >= start or now < end


class PersonSettings(Frozen):
    """All choices of a person; the defaults apply to a person who never chose."""

    pings: Pings = Pings.THREAD
    quiet: QuietHours | None = None
    agent: str | None = Field(default=None, max_length=64)
    """The agent that the form offers first, where the repository allows it."""
    co_author: Annotated[str, StringConstraints(pattern=r"^[^<>\r\n]{1,80} <[^<>\s]{3,120}>$")] | None = None
    """`Name <address>` for a Co-authored-by line on the commits of this person's runs."""

    def is_quiet(self, at: Millis) -> bool:
        """Whether they may be notified now only of what no one else can answer."""
        return self.quiet is not None and self.quiet.holds(at)
