"""The log's rules: numbers, repetitions, lane ends, and events of our own doors; `admission.py` applies them to posts.

docs/contracts/events.md, *Identity*; docs/contracts/authentication.md, *Webhook ids*;
docs/contracts/http.md, *Ended runs*.
"""

import sqlite3
from typing import NamedTuple

from ompycord.domain.base import Millis
from ompycord.domain.records import NewEvent
from ompycord.errors import BadEvent, RunFinal, SequenceConflict, UnknownRun
from ompycord.store import queries_write as sql
from ompycord.store.rows import Encoded

__all__ = [
    "SourceNumbers",
    "add_event",
    "prune_replays",
    "require_number",
    "require_open",
    "run_pk",
    "same_or_conflict",
]

HIGHEST_SEQ = 2**53
REPLAYS_KEPT_MS = 8 * 24 * 3600 * 1000
"""Retries stop at 7 days, ids are kept for 8."""


class SourceNumbers(NamedTuple):
    """What decides the next number. `final_seq` is the lowest number under which the source ended its run."""

    numbering: str | None = None
    last_seq: int = 0
    final_seq: int | None = None


def add_event(raw: sqlite3.Connection, event: NewEvent, encoded: Encoded) -> int:
    """Store an event of our own doors and return its position; the same numbered event again is where it was.

    Raises UnknownRun, SequenceConflict. Lanes of ours have no end: what a person or a check says late is still a fact.
    """
    require_number(event.seq)
    pk = run_pk(raw, event.run)
    row = raw.execute(sql.SOURCE_STATE, (pk, event.source)).fetchone()
    source_state = SourceNumbers() if row is None else SourceNumbers(row["numbering"], row["last_seq"])
    if event.seq is not None and event.seq <= source_state.last_seq and source_state.numbering == "sender":
        stored = raw.execute(sql.EVENT_BY_SEQ, (pk, event.source, event.seq)).fetchone()
        if stored is not None:
            return same_or_conflict(stored["position"], is_same=stored["hash"] == encoded.hash, seq=event.seq)
    require_open(source_state, event.seq, closed_after=None)
    seq = source_state.last_seq + 1 if event.seq is None else event.seq
    values = (pk, event.source, seq, event.id, event.at, encoded.type, encoded.text, encoded.hash)
    position: int = raw.execute(sql.ADD_EVENT, values).fetchone()[0]
    numbering = "server" if event.seq is None else "sender"
    raw.execute(sql.PUT_SOURCE_STATE, {"run": pk, "source": event.source, "numbering": numbering, "seq": seq})
    return position


def run_pk(raw: sqlite3.Connection, run: str) -> int:
    """A run's row number. Raises UnknownRun."""
    row = raw.execute(sql.RUN_PK, (run,)).fetchone()
    if row is None:
        raise UnknownRun(f"There is no run {run}.")
    pk: int = row[0]
    return pk


def prune_replays(raw: sqlite3.Connection, *, now: Millis) -> None:
    """Forget webhook-ids that are older than 8 days, at most 2,000 at a time."""
    raw.execute(sql.PRUNE_REPLAYS, (now - REPLAYS_KEPT_MS,))


def require_number(seq: int | None) -> None:
    """Raises BadEvent for a number that is none."""
    if seq is not None and not 1 <= seq <= HIGHEST_SEQ:
        raise BadEvent("seq counts from 1 to 2^53.")


def same_or_conflict(position: int, *, is_same: bool, seq: int) -> int:
    """The position of the event that has this number, when it is the same one. Raises SequenceConflict when it is not."""
    if is_same:
        return position
    raise SequenceConflict(f"Number {seq} of this source is taken by another event.")


def require_open(source_state: SourceNumbers, seq: int | None, *, closed_after: int | None) -> None:
    """Whether the lane takes a new event. Raises SequenceConflict (numbered by the other side), RunFinal (ended)."""
    numbering = "server" if seq is None else "sender"
    if source_state.numbering is not None and source_state.numbering != numbering:
        raise SequenceConflict("This source mixes events with and without seq: number all of them or none.")
    if closed_after is not None and (seq is None or seq > closed_after):
        raise RunFinal("This source has ended its run: only missing lower numbers are still taken.")
