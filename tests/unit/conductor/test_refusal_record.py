"""Refused attempts in the audit: the first at once, what follows as a number, a flood as a few rows."""

import asyncio
from collections.abc import Mapping

import pytest

from ompycord.conductor.roles.refusals import HOUR_MS, MOST, MOST_OF_ONE, RefusalRecord
from ompycord.domain.auditing.refused import RefusedAttempt
from ompycord.domain.base import Millis
from ompycord.errors import StorageError
from ompycord.testing import FakeClock
from tests.support.patience import within

ADA, MO = "100000000000000001", "100000000000000002"


class Rows:
    """The audit, which may be out of order for a while."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, str, str, int, Millis]] = []
        self.is_broken = False
        self.added = asyncio.Event()

    async def audit(self, *, actor: str, action: str, subject: str, detail: Mapping[str, str], at: Millis) -> None:
        if self.is_broken:
            raise StorageError("the disk is full")
        assert action == "refused"
        await asyncio.sleep(0)  # as the database, it is not done at once
        self.rows.append((actor, detail["what"], subject, int(detail["count"]), at))
        self.added.set()

    async def verify_audit(self) -> int:
        return len(self.rows)


def attempt(what: str = "/omp-admin pause", actor: str = MO, run: str = "") -> RefusedAttempt:
    return RefusedAttempt(surface="discord", actor=actor, what=what, code="needs-role", guild="1", run=run)


async def test_the_first_is_a_row_at_once_and_those_behind_it_are_a_number_at_the_end_of_the_hour() -> None:
    clock, rows = FakeClock(), Rows()
    record, first = RefusalRecord(audit=rows, clock=clock), clock.now_ms()
    for _ in range(1000):
        record.note(attempt(run="A"))
    record.note(attempt(what="/omp cancel"))
    await record.write()
    assert rows.rows == [(MO, "/omp-admin pause", "A", 1, first), (MO, "/omp cancel", "", 1, first)]
    clock.advance(HOUR_MS / 1000)
    record.note(attempt(what="/omp stop"))
    await record.write()
    assert rows.rows[2:] == [(MO, "/omp-admin pause", "A", 999, first), (MO, "/omp stop", "", 1, clock.now_ms())]


async def test_a_flood_of_kinds_is_a_few_rows_and_other_people_keep_theirs() -> None:
    clock, rows = FakeClock(), Rows()
    record = RefusalRecord(audit=rows, clock=clock)
    for number in range(5000):
        record.note(attempt(what=f"trigger {number}"))
    record.note(attempt(actor=ADA))
    for number in range(5000):
        record.note(attempt(actor=f"key {number}"))
    await record.finish()
    of_one = [row for row in rows.rows if row[0] == MO]
    assert len(of_one) == MOST_OF_ONE + 2, "kinds of their own, and two rows for all others"
    assert sum(row[3] for row in of_one) == 5000
    assert [row for row in rows.rows if row[0] == ADA]
    assert len(rows.rows) <= 2 * (MOST + 2)
    assert sum(row[3] for row in rows.rows) == 10_001, "nothing is lost, it is only not told apart"


async def test_what_the_database_does_not_take_waits_and_the_refusal_does_not() -> None:
    clock, rows = FakeClock(), Rows()
    record = RefusalRecord(audit=rows, clock=clock)
    rows.is_broken = True
    record.note(attempt())
    with pytest.raises(StorageError):
        await record.write()
    rows.is_broken = False
    await record.write()
    assert [row[:2] for row in rows.rows] == [(MO, "/omp-admin pause")]
    await record.write()
    assert len(rows.rows) == 1, "a row is written once"


async def test_two_who_write_at_once_write_each_row_once() -> None:
    rows = Rows()
    record = RefusalRecord(audit=rows, clock=FakeClock())
    for number in range(5):
        record.note(attempt(what=f"/omp {number}"))
    async with asyncio.TaskGroup() as group:
        for _ in range(3):
            group.create_task(record.finish())
    assert sorted(row[1] for row in rows.rows) == [f"/omp {number}" for number in range(5)]


async def test_the_service_writes_by_itself_and_ends_each_hour() -> None:
    clock, rows = FakeClock(), Rows()
    record = RefusalRecord(audit=rows, clock=clock)
    async with within(20.0), asyncio.TaskGroup() as group:
        service = group.create_task(record.run())
        record.note(attempt())
        record.note(attempt())
        await rows.added.wait()
        rows.added.clear()
        assert [row[3] for row in rows.rows] == [1]
        clock.advance(HOUR_MS / 1000)
        await rows.added.wait()
        assert [row[3] for row in rows.rows] == [1, 1], "the second attempt, with no other one to bring it along"
        service.cancel()


async def test_a_restart_loses_no_number_of_an_ordered_end() -> None:
    rows = Rows()
    record = RefusalRecord(audit=rows, clock=FakeClock())
    for _ in range(7):
        record.note(attempt())
    await record.finish()
    assert sum(row[3] for row in rows.rows) == 7
