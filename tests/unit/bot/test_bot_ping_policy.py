"""Who is told how follows from what each chose; quiet hours hold all but what only that person can answer."""

from typing import Any

from ompycord.bot.delivery.ping_policy import Ways, ways_of
from ompycord.domain.person_settings import PersonSettings

DAY_MS = 24 * 3600 * 1000
NOON = DAY_MS // 2


def people(**chosen: dict[str, Any]) -> dict[str, PersonSettings]:
    return {name: PersonSettings.model_validate(own) for name, own in chosen.items()}


def test_each_is_told_where_they_chose() -> None:
    all_three = people(ada={}, mo={"pings": "dm"}, olu={"pings": "none"})
    assert ways_of(all_three, is_only_theirs=False, at=NOON) == Ways(here=("ada",), direct=("mo",))


def test_quiet_hours_hold_both_ways_unless_nobody_else_can_answer() -> None:
    quiet = {"quiet": {"start": "11:00", "end": "13:00", "zone": "UTC"}}
    both = people(ada=quiet, mo={"pings": "dm", **quiet})
    assert ways_of(both, is_only_theirs=False, at=NOON) == Ways(here=(), direct=())
    assert ways_of(both, is_only_theirs=False, at=NOON + 3 * 3600 * 1000) == Ways(here=("ada",), direct=("mo",))
    assert ways_of(people(ada=quiet), is_only_theirs=True, at=NOON) == Ways(here=("ada",), direct=())
    assert ways_of(people(ada={**quiet, "pings": "none"}), is_only_theirs=True, at=NOON) == Ways(here=(), direct=())
