"""Which backups go: never the last good one, never by a clock that ran ahead."""

import pytest

from ompycord.backup.manifest import Manifest, StoredFile
from ompycord.backup.place import FoundBackup
from ompycord.backup.prune import to_prune

DAY = 24 * 3_600_000
NOW = 1_780_000_000_000
FILE = StoredFile(name="ompycord.db", size=1, sha256="0" * 64, stored_size=1, stored_sha256="0" * 64)


def made(name: str, at: int) -> FoundBackup:
    return FoundBackup(
        name, Manifest(app_version="1", created_at=at, schema_version=1, last_event=0, rows={}, database=FILE)
    )


def days(*ago: int) -> list[FoundBackup]:
    return [made(f"d{one}", NOW - one * DAY) for one in sorted(ago, reverse=True)]


def test_the_latest_stay() -> None:
    assert to_prune(days(5, 4, 3, 2, 1), keep=2, now=NOW, whole=None) == ["d5", "d4", "d3"]
    assert to_prune(days(2, 1), keep=2, now=NOW, whole=None) == []


def test_the_newest_that_was_found_whole_stays() -> None:
    assert to_prune(days(5, 4, 3, 2, 1), keep=2, now=NOW, whole="d5") == ["d4", "d3"]


def test_one_that_cannot_be_read_counts_for_nothing() -> None:
    found = [*days(9), *[FoundBackup(f"broken{one}", None, "damaged") for one in range(10)]]
    assert to_prune(found, keep=1, now=NOW, whole=None) == []
    assert to_prune([*found, *days(0)], keep=1, now=NOW, whole=None) == ["d9", *(f"broken{one}" for one in range(10))]


def test_a_clock_that_ran_ahead_pushes_none_out() -> None:
    ahead = made("ahead", NOW + 700 * DAY)
    assert to_prune([*days(3, 2, 1), ahead], keep=3, now=NOW, whole=None) == []
    assert to_prune([*days(4, 3, 2, 1), ahead], keep=3, now=NOW, whole=None) == ["d4"]


def test_keeping_none_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        to_prune(days(1), keep=0, now=NOW, whole=None)
