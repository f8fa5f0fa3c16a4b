"""Quiet hours: over midnight, over a change of the clocks, in one's own time zone; unknown zones are refused."""

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from ompycord.domain.person_settings import PersonSettings, QuietHours

BERLIN = QuietHours(start="22:00", end="07:30", zone="Europe/Berlin")


def at(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("moment", "is_quiet"),
    [
        ("2026-01-10T20:59:59", False),  # 21:59:59 in Berlin
        ("2026-01-10T21:00:00", True),
        ("2026-01-10T23:30:00", True),  # after midnight there
        ("2026-01-11T06:29:59", True),
        ("2026-01-11T06:30:00", False),
        ("2026-07-10T20:00:00", True),  # summer time: 22:00 there
        ("2026-07-11T05:30:00", False),
        ("2026-10-25T00:30:00", True),  # 02:30 for the first time
        ("2026-10-25T01:30:00", True),  # 02:30 for the second
    ],
)
def test_quiet_hours_are_those_of_the_persons_own_clock(moment: str, is_quiet: bool) -> None:
    assert PersonSettings(quiet=BERLIN).is_quiet(at(moment)) is is_quiet


def test_hours_within_a_day_and_a_whole_day() -> None:
    siesta = QuietHours(start="13:00", end="15:00", zone="UTC")
    assert [siesta.holds(at(f"2026-01-10T{hour}")) for hour in ("12:59", "13:00", "14:59", "15:00")] == [
        False, True, True, False,
    ]  # fmt: skip
    always = QuietHours(start="09:00", end="09:00", zone="UTC")
    assert all(always.holds(at(f"2026-01-10T{hour:02}:00")) for hour in range(24))


def test_nobody_is_quiet_who_never_chose() -> None:
    assert not PersonSettings().is_quiet(at("2026-01-10T03:00:00"))


@pytest.mark.parametrize("zone", ["Europe/Atlantis", "", "Europe", "../../etc/passwd", "/etc/localtime"])
def test_what_is_no_time_zone_is_refused(zone: str) -> None:
    with pytest.raises(ValidationError, match="is no time zone"):
        QuietHours(start="22:00", end="07:00", zone=zone)


@pytest.mark.parametrize("name", ["no address", "A <b c>", "A <a@b>\nSigned-off-by: X <x@y>", "<a@b>"])
def test_a_name_for_commits_is_one_line_with_an_address(name: str) -> None:
    with pytest.raises(ValidationError):
        PersonSettings(co_author=name)
