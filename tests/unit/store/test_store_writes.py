"""What a commit may hold: every record has one feature, applied kind by kind.

An unknown one is refused before it is queued.
"""

import inspect
import sqlite3
from collections.abc import Sequence

import pytest

from ompycord.domain.base import Frozen, Millis
from ompycord.domain.ids import RunId
from ompycord.domain.memory.items import MemoryAddition, MemoryChange
from ompycord.domain.ports.model_ledger import (
    ModelBreaker,
    ModelRequestMetered,
    ModelRequestOpened,
    ModelRequestSettled,
)
from ompycord.domain.ports.team.budgets import BudgetWarning
from ompycord.domain.records import (
    Commit,
    Committed,
    Decision,
    Draft,
    EffectRow,
    EffectUpdate,
    KeyRecord,
    KeysEnd,
    NewEvent,
    OutboxRow,
    RunPlaced,
    Transition,
)
from ompycord.domain.risk.standing import CallDecision
from ompycord.domain.run import RunRecord
from ompycord.domain.task import Task
from ompycord.store.sqlite import WRITES
from ompycord.store.writes import Apply, Write, WriteRegistry, apply_commit, each

RAW = sqlite3.connect(":memory:")


class First(Frozen):
    """A record of a test."""

    n: int


class Second(Frozen):
    """Another."""

    n: int


class Recorder:
    """A feature that remembers what was applied."""

    def __init__(self, *, before: Committed | None = None) -> None:
        self.applied: list[tuple[Frozen, Millis]] = []
        self._before = before

    def put(self, raw: sqlite3.Connection, record: Frozen, now: Millis) -> None:
        self.applied.append((record, now))

    def numbered(self, records: Sequence[Frozen]) -> Apply:
        def apply(raw: sqlite3.Connection, now: Millis) -> Sequence[int]:
            self.applied += [(record, now) for record in records]
            return range(len(self.applied))

        return apply

    def earlier(self, raw: sqlite3.Connection, records: Sequence[Frozen]) -> Committed | None:
        return self._before


DECISION = Decision(id="0" * 26, run=RunId("0" * 26), kind="stop", action="stop", by="1", by_name="Ada", at=1)


def test_the_order_of_kinds_is_the_registrys_and_within_one_the_callers() -> None:
    recorder = Recorder()
    registry = WriteRegistry(
        Write(record=First, prepare=each(recorder.put)), Write(record=Second, prepare=recorder.numbered)
    )
    commit = Commit(writes=(Second(n=1), First(n=2), Second(n=3), First(n=4)))
    done = apply_commit(RAW, registry.prepare(commit), now=7)
    assert recorder.applied == [(First(n=2), 7), (First(n=4), 7), (Second(n=1), 7), (Second(n=3), 7)]
    assert done == Committed(positions=(0, 1, 2, 3))


def test_a_record_that_no_feature_writes_is_refused_before_anything_is_applied() -> None:
    recorder = Recorder()
    registry = WriteRegistry(Write(record=First, prepare=each(recorder.put)))
    with pytest.raises(TypeError, match="writes a Second"):
        registry.prepare(Commit(writes=(First(n=1), Second(n=2))))
    assert recorder.applied == []


def test_two_features_for_one_record_are_refused() -> None:
    write = Write(record=First, prepare=each(Recorder().put))
    with pytest.raises(ValueError, match="First"):
        WriteRegistry(write, write)


def test_what_was_there_before_ends_a_commit_and_a_decision_is_what_is_told() -> None:
    first, second = Recorder(before=Committed(fresh=False)), Recorder(before=Committed(fresh=False, earlier=DECISION))
    registry = WriteRegistry(
        Write(record=First, prepare=each(first.put), earlier=first.earlier),
        Write(record=Second, prepare=each(second.put), earlier=second.earlier),
    )
    commit = registry.prepare(Commit(writes=(First(n=1), Second(n=2))))
    assert apply_commit(RAW, commit, now=1) == Committed(fresh=False, earlier=DECISION)
    assert (first.applied, second.applied) == ([], [])


def test_a_commit_weighs_one_and_its_heavy_records() -> None:
    recorder = Recorder()
    registry = WriteRegistry(
        Write(record=First, prepare=each(recorder.put)), Write(record=Second, prepare=each(recorder.put), weight=3)
    )
    assert registry.prepare(Commit(writes=(First(n=1),))).weight == 1
    assert registry.prepare(Commit(writes=(Second(n=1), First(n=1), Second(n=2)))).weight == 7


def test_a_commit_gives_its_records_by_kind() -> None:
    commit = Commit(writes=(Second(n=1), First(n=2), Second(n=3)))
    assert commit.of(Second) == (Second(n=1), Second(n=3))


def test_the_products_writes_are_applied_so_that_a_row_stands_before_what_refers_to_it() -> None:
    assert WRITES.records == (
        Draft,
        Task,
        RunRecord,
        Transition,
        RunPlaced,
        Decision,
        NewEvent,
        EffectRow,
        EffectUpdate,
        OutboxRow,
        KeyRecord,
        KeysEnd,
        ModelRequestOpened,
        ModelRequestMetered,
        ModelRequestSettled,
        ModelBreaker,
        MemoryAddition,
        MemoryChange,
        BudgetWarning,
        CallDecision,
    )


def test_the_commit_says_of_every_record_what_becomes_of_it() -> None:
    text = inspect.getdoc(Commit) or ""
    assert [record.__name__ for record in WRITES.records if f"`{record.__name__}`" not in text] == []
