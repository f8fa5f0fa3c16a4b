"""The log's rules: replays, run names, numbers, lane ends; judged before anything is written. Counterpart of `projecting.py`.

CONTRACTS: *Identity and order of events*, *Authentication* (webhook-ids), *HTTP answers* (run-final).
"""

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from ompycord.domain.authority import SourceKind
from ompycord.domain.base import Millis
from ompycord.domain.events import FINAL_TYPES
from ompycord.domain.ids import RunId
from ompycord.domain.records import NewEvent, Post, Receipt
from ompycord.domain.run import FINAL, RunKind, RunState
from ompycord.errors import BadEvent, IdConflict, RunFinal, SequenceConflict, UnknownRun
from ompycord.store import queries_write as sql
from ompycord.store.rows import Encoded

__all__ = ["add_event", "append", "prune_replays", "run_pk"]

HIGHEST_SEQ = 2**53
REPLAYS_KEPT_MS = 8 * 24 * 3600 * 1000
"""Retries stop at 7 days, ids are kept for 8."""


class _Lane(NamedTuple):
    """What decides the next number; `closed_after` is the last number that still may come."""

    numbering: str | None = None
    last_seq: int = 0
    closed_after: int | None = None


class _Target(NamedTuple):
    pk: int
    run: RunId
    ends_lanes: bool
    """In an external run a final event ends its lane; in a hosted run it is a claim and only the run's state ends it."""
    lane: _Lane
    cancel_requested: bool


class _Slot(NamedTuple):
    """Where an event goes, or where it already is."""

    seq: int
    position: int | None = None


def append(
    raw: sqlite3.Connection, posts: Sequence[tuple[Post, Encoded]], *, now: Millis, together: bool
) -> list[Receipt | BadEvent]:
    """Store a batch. Each post alone; `together`, the first that is refused is the last in the list.

    The caller rolls back what was stored of a batch that is refused together.
    """
    results: list[Receipt | BadEvent] = []
    try:
        earlier = [_replayed(raw, post) for post, _ in posts] if together else []
    except IdConflict as refusal:
        return [refusal]
    first = next((receipt for receipt in earlier if receipt is not None), None)
    if first is not None:  # one webhook-id stands for the whole batch
        return [first for _ in posts]
    for post, encoded in posts:
        try:
            results.append(_append_one(raw, post, encoded, now))
        except BadEvent as refusal:
            results.append(refusal)
            if together:
                break
    return results


def _replayed(raw: sqlite3.Connection, post: Post) -> Receipt | None:
    """The first answer to a webhook-id that was used before. Raises IdConflict when another body used it."""
    if post.webhook_id is None:
        return None
    row = raw.execute(sql.REPLAY, (post.key_id, post.webhook_id)).fetchone()
    if row is None:
        return None
    if row["hash"] != post.body_hash:
        raise IdConflict("This webhook-id was used for another body: give every new event an id of its own.")
    return Receipt(
        run=RunId(row["run"]),
        position=row["position"],
        duplicate=True,
        replayed=True,
        cancel_requested=bool(row["cancel_requested"]),
    )


def _append_one(raw: sqlite3.Connection, post: Post, encoded: Encoded, now: Millis) -> Receipt:
    earlier = _replayed(raw, post)
    if earlier is not None:
        return earlier
    _require_number(post.seq)
    target = _target(raw, post) or _begin_run(raw, post, now)
    slot = _slot(raw, target.pk, post.source, post.seq, encoded, target.lane)
    position = slot.position or _write(raw, target.pk, post, encoded, slot.seq, ends_lane=target.ends_lanes)
    if post.webhook_id is not None:
        raw.execute(sql.ADD_REPLAY, (post.key_id, post.webhook_id, post.body_hash, target.pk, position, now))
    return Receipt(
        run=target.run,
        position=position,
        duplicate=slot.position is not None,
        cancel_requested=target.cancel_requested,
    )


def _target(raw: sqlite3.Connection, post: Post) -> _Target | None:
    query = sql.TARGET_BY_KEY if post.kind is SourceKind.RUN_KEY else sql.TARGET_BY_NAME
    row = raw.execute(query, {"key_id": post.key_id, "name": post.name, "source": post.source}).fetchone()
    if row is None:
        return None
    is_external = row["kind"] == RunKind.EXTERNAL
    last_seq: int = row["last_seq"] or 0
    end_of_hosted = last_seq if RunState(row["state"]) in FINAL else None
    lane = _Lane(row["numbering"], last_seq, row["final_seq"] if is_external else end_of_hosted)
    return _Target(row["pk"], RunId(row["id"]), is_external, lane, bool(row["cancel_requested"]))


def _begin_run(raw: sqlite3.Connection, post: Post, now: Millis) -> _Target:
    if post.kind is SourceKind.RUN_KEY or not post.may_create:
        raise UnknownRun("No such run for this key: start it first, or use a key with the scope runs:create.")
    values = {"id": post.new_run, "key_id": post.key_id, "name": post.name, "channel": post.channel, "now": now}
    pk: int = raw.execute(sql.ADD_EXTERNAL_RUN, values).fetchone()[0]
    return _Target(pk, RunId(post.new_run), ends_lanes=True, lane=_Lane(), cancel_requested=False)


def add_event(raw: sqlite3.Connection, event: NewEvent, encoded: Encoded) -> int:
    """Store an event of our own doors and return its position; the same numbered event again is where it was.

    Raises UnknownRun, SequenceConflict. Lanes of ours have no end: what a person or a check says late is still a fact.
    """
    _require_number(event.seq)
    pk = run_pk(raw, event.run)
    row = raw.execute(sql.LANE, (pk, event.source)).fetchone()
    lane = _Lane() if row is None else _Lane(row["numbering"], row["last_seq"])
    slot = _slot(raw, pk, event.source, event.seq, encoded, lane)
    return slot.position or _write(raw, pk, event, encoded, slot.seq, ends_lane=False)


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


def _require_number(seq: int | None) -> None:
    if seq is not None and not 1 <= seq <= HIGHEST_SEQ:
        raise BadEvent("seq counts from 1 to 2^53.")


def _slot(raw: sqlite3.Connection, pk: int, source: str, seq: int | None, encoded: Encoded, lane: _Lane) -> _Slot:
    numbering = "server" if seq is None else "sender"
    if lane.numbering is not None and lane.numbering != numbering:
        raise SequenceConflict("This source mixes events with and without seq: number all of them or none.")
    if seq is not None and seq <= lane.last_seq:
        row = raw.execute(sql.EVENT_BY_SEQ, (pk, source, seq)).fetchone()
        if row is not None and row["hash"] == encoded.hash:
            return _Slot(seq, row["position"])
        if row is not None:
            raise SequenceConflict(f"Number {seq} of this source is taken by another event.")
    if lane.closed_after is not None and (seq is None or seq > lane.closed_after):
        raise RunFinal("This source has ended its run: only missing lower numbers are still taken.")
    return _Slot(lane.last_seq + 1 if seq is None else seq)


def _write(
    raw: sqlite3.Connection, pk: int, event: Post | NewEvent, encoded: Encoded, seq: int, *, ends_lane: bool
) -> int:
    event_id = event.event_id if isinstance(event, Post) else event.id
    values = (pk, event.source, seq, event_id, event.at, encoded.type, encoded.text, encoded.hash)
    position: int = raw.execute(sql.ADD_EVENT, values).fetchone()[0]
    lane = {
        "run": pk,
        "source": event.source,
        "numbering": "server" if event.seq is None else "sender",
        "seq": seq,
        "final": seq if ends_lane and encoded.type in FINAL_TYPES else None,
    }
    raw.execute(sql.PUT_LANE, lane)
    return position
