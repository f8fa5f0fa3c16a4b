"""Time zones by their IANA names, and the instant of a time on a wall there.

An hour that is missing ends with the first instant after it; of an hour that comes twice the first one counts.
"""

import difflib
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import AfterValidator, Field

from ompycord.domain.base import Millis

__all__ = ["WallGap", "WallInstant", "WallKind", "ZoneName", "instant_of", "local_of", "neighbours", "zone_of"]

_RENAMED: Final = {
    "Europe/Kyiv": "Europe/Kiev",
    "America/Nuuk": "America/Godthab",
    "America/Ciudad_Juarez": "America/Ojinaga",
    "Asia/Kolkata": "Asia/Calcutta",
    "Asia/Ho_Chi_Minh": "Asia/Saigon",
    "Asia/Yangon": "Asia/Rangoon",
    "Pacific/Kanton": "Pacific/Enderbury",
}
"""Names that older data of time zones has in another form."""
_LONGEST: Final = 64


def zone_of(name: str) -> ZoneInfo | None:
    """The zone, also by the name that older data has; None where there is none."""
    for known in (name, _RENAMED.get(name)):
        if known is None or not known or len(known) > _LONGEST:
            continue
        try:
            return ZoneInfo(known)
        except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: a folder of the zone database
            continue
    return None


def _existing(name: str) -> str:
    if zone_of(name) is not None:
        return name
    wanted = name.strip(" \"'").lower().replace(" ", "_")
    by_lower = {one.lower(): one for one in available_timezones()}
    near = difflib.get_close_matches(wanted, by_lower, n=1, cutoff=0.6)
    hint = f"did you mean {by_lower[near[0]]}?" if near else "use a name such as Europe/Berlin or UTC"
    raise ValueError(f"is no time zone: {hint}")


ZoneName = Annotated[str, Field(max_length=_LONGEST), AfterValidator(_existing)]
"""IANA, such as `Europe/Berlin`."""


class WallKind(StrEnum):
    """What a time on the wall is on that day."""

    ONCE = "once"
    MISSING = "missing"
    TWICE = "twice"


@dataclass(frozen=True, slots=True)
class WallInstant:
    """When a time on the wall is."""

    at: Millis
    kind: WallKind


@dataclass(frozen=True, slots=True)
class WallGap:
    """What stands on the wall before and after a missing time."""

    before: datetime
    after: datetime


def instant_of(wall: datetime, zone: ZoneInfo) -> WallInstant:
    """The instant of a time on the wall there; of a missing one, the first instant after the gap."""
    first, second = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first == second:
        return WallInstant(_millis(first), WallKind.ONCE)
    if first.astimezone(zone).replace(tzinfo=None) == wall:
        return WallInstant(_millis(first), WallKind.TWICE)
    return WallInstant(_millis(_end_of_gap(second, first, zone)), WallKind.MISSING)


def neighbours(wall: datetime, zone: ZoneInfo) -> WallGap:
    """The times on the wall around one that is missing."""
    after = local_of(instant_of(wall, zone).at, zone)
    return WallGap(before=local_of(instant_of(wall, zone).at - 60_000, zone), after=after)


def local_of(at: Millis, zone: ZoneInfo) -> datetime:
    """What stands on the wall there, without a zone."""
    return datetime.fromtimestamp(at / 1000, UTC).astimezone(zone).replace(tzinfo=None)


def start_of(day: date, zone: ZoneInfo) -> Millis:
    """The first instant of a day there."""
    return instant_of(datetime(day.year, day.month, day.day), zone).at  # noqa: DTZ001  # a wall has no zone


def _end_of_gap(low: datetime, high: datetime, zone: ZoneInfo) -> datetime:
    """The first whole second from which the later offset holds; it does not hold at `low` yet, and does at `high`."""
    wanted = high.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = (low + (high - low) / 2).replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == wanted:
            high = middle
        else:
            low = middle
    return high


def _millis(instant: datetime) -> Millis:
    return round(instant.timestamp() * 1000)
