"""The section `digests` of the settings: when what happened is told, and in which hours."""

from datetime import datetime, time, timedelta
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, StringConstraints

from ompycord.domain.access import Snowflake
from ompycord.domain.base import Frozen
from ompycord.domain.person_settings import ClockTime
from ompycord.domain.schedules.zones import ZoneName

__all__ = ["ActiveHours", "DigestOptions", "Weekday"]

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_ALL: Final[tuple[Weekday, ...]] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


WeekTime = Annotated[str, StringConstraints(pattern=r"^(mon|tue|wed|thu|fri|sat|sun) ([01][0-9]|2[0-3]):[0-5][0-9]$")]


class ActiveHours(Frozen):
    """When people are there: a digest that is due at another time waits for them."""

    start: ClockTime
    end: ClockTime
    """Of the next day where it is earlier than `start`."""
    weekdays: Annotated[tuple[Weekday, ...], Field(min_length=1)] = _ALL
    """The days on which they begin."""

    def hold(self, wall: datetime) -> bool:
        """Whether people are there at this time on the wall. The same start and end mean the whole day."""
        start, end = time.fromisoformat(self.start), time.fromisoformat(self.end)
        now = wall.time()
        if start < end:
            began = wall.date() if start <= now < end else None
        elif now >= start:
            began = wall.date()
        else:
            began = wall.date() - timedelta(days=1) if now < end or start == end else None
        return began is not None and _ALL[began.weekday()] in self.weekdays


class DigestOptions(Frozen):
    """Digests of the server."""

    daily: ClockTime | None = None
    """When each day's is due, such as `18:00`; left out, there is none."""
    weekly: WeekTime | None = None
    """When each week's is due, such as `mon 09:00`; left out, there is none."""
    zone: ZoneName = "UTC"
    channel: Snowflake | None = None
    """Where they are sent; the home channel if left out."""
    active: ActiveHours | None = None
    """In which hours they are sent; at any if left out."""

    def is_active(self, wall: datetime) -> bool:
        """Whether one may be sent at this time on the wall."""
        return self.active is None or self.active.hold(wall)

    @property
    def place(self) -> ZoneInfo:
        return ZoneInfo(self.zone)
