"""Stage 1 of ingestion for all posts of a transaction at once: read what decides, judge in memory, write.

The rules are in `events.py`. A statement for each event would release the interpreter's lock some eight times an event,
and the event loop takes it; so a transaction runs a few statements over many rows
(docs/platform/sqlite.md, *Throughput*). Each request is judged alone and in order.

Where the runs and sources of all posts are remembered (`post_memory.py`), nothing is read: they are judged as if no
webhook-id had been used before, and if the index of ids knows better, the transaction is done again with reading.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from ompycord.domain.authority import SourceKind
from ompycord.domain.base import Millis
from ompycord.domain.events import FINAL_TYPES
from ompycord.domain.ids import RunId
from ompycord.domain.records import Post, Receipt
from ompycord.domain.run import FINAL, RunKind, RunState
from ompycord.errors import BadEvent, IdConflict, UnknownRun
from ompycord.store.database import StorePart
from ompycord.store.features.events import require_number, require_open, same_or_conflict
from ompycord.store.post_memory import PostMemory, PostTarget, RunKey, SourceKey, SourceNumbers
from ompycord.store.rows import Encoded, encode
from ompycord.store.statements import Many, load
from ompycord.store.steady import keep_steady

__all__ = ["Posted", "SqliteAdmission", "append_all"]

PRUNE_EVERY_MS = 1_000
"""Milliseconds between two rounds; with 2,000 at a time that is more than senders can make, 100 a second and key."""
REPLAYS_KEPT_MS = 8 * 24 * 3600 * 1000
"""Retries stop at 7 days, ids are kept for 8."""

_MISSING = object()

_SQL = load("admission")
_LAST_NUMBERS = _SQL.one("last_numbers")
_TAKEN_IDS = _SQL.many("taken_ids")
_TARGETS_BY_NAME = _SQL.many("targets_by_name")
_TARGETS_BY_KEY = _SQL.many("targets_by_key")
_EVENTS_BY_SEQ = _SQL.many("events_by_seq")
_ADD_EXTERNAL_RUNS = _SQL.many("add_external_runs")
_ADD_EVENTS = _SQL.many("add_events")
_PUT_SOURCE_STATES = _SQL.many("put_source_states")
_ADD_IDS = _SQL.many("add_ids")
_PRUNE_IDS = _SQL.one("prune_ids")


class Posted(NamedTuple):
    """The posts of one request. `together`: all of them or none."""

    posts: Sequence[tuple[Post, Encoded]]
    now: Millis
    steady: Millis
    """By this time webhook-ids grow old (`steady.py`)."""
    together: bool = False
    prunes: bool = False
    """Whether old webhook-ids are removed with this request."""


class _Sent(NamedTuple):
    """Where the request of a webhook-id was stored."""

    hash: bytes
    run: RunId
    position: int
    cancel_requested: bool


class _Stored(NamedTuple):
    position: int
    hash: bytes


class SqliteAdmission(StorePart):
    """Implements `EventLog`."""

    _pruned_at: Millis = 0

    async def append(self, posts: Sequence[Post], *, together: bool = False) -> list[Receipt | BadEvent]:
        encoded = [(post, encode(post.body)) for post in self._database.kept_out.posts(posts)]
        steady = self._database.steady.now_ms()
        prune = steady - self._pruned_at >= PRUNE_EVERY_MS
        if prune:
            self._pruned_at = steady
        now = self._database.clock.now_ms()
        posted = Posted(encoded, now, steady, together=together, prunes=prune)
        return await self._database.writer.submit_one_of(append_all, posted, weight=len(posts))


def append_all(
    raw: sqlite3.Connection, requests: Sequence[Posted], memory: PostMemory
) -> list[list[Receipt | BadEvent]]:
    """The answers to each request; one that is refused together ends with its refusal and stored nothing.

    Raises IntegrityError where a remembered transaction met a webhook-id that was used before; then nothing is kept.
    """
    steady = max(request.steady for request in requests)
    if any(request.prunes for request in requests):
        _prune_ids(raw, steady=steady)
    posts = [post for request in requests for post, _ in request.posts]
    ledger = _Ledger(memory, steady=steady)
    answers = [_answer(ledger, request) for request in requests] if ledger.recall(raw, posts) else []
    if ledger.added < len(posts):  # not remembered; or a refusal or a repetition, which depends on the webhook-ids
        ledger = _Ledger(memory, steady=steady)
        ledger.read(raw, posts)
        answers = [_answer(ledger, request) for request in requests]
    ledger.write(raw)
    ledger.keep()
    return answers


def _answer(ledger: "_Ledger", request: Posted) -> list[Receipt | BadEvent]:
    results: list[Receipt | BadEvent] = []
    if request.together:
        try:
            earlier = [ledger.replayed(post) for post, _ in request.posts]
        except IdConflict as refusal:
            return [refusal]
        first = next((receipt for receipt in earlier if receipt is not None), None)
        if first is not None:  # one webhook-id stands for the whole batch
            return [first for _ in request.posts]
        ledger.begin()
    for post, encoded in request.posts:
        try:
            results.append(ledger.take(post, encoded, request.now))
        except BadEvent as refusal:
            results.append(refusal)
            if request.together:
                ledger.undo()
                break
    return results


class _Ledger:
    """What the database had before this transaction's posts, and what they add; written once at the end."""

    def __init__(self, memory: PostMemory, *, steady: Millis) -> None:
        self._memory = memory
        self._steady = steady
        self._sent: dict[tuple[str, str], _Sent] = {}
        self._runs: dict[RunKey, PostTarget] = {}
        self._source_states: dict[SourceKey, SourceNumbers] = {}
        self._events: dict[tuple[int, str, int], _Stored] = {}
        self._dirty: dict[SourceKey, bool] = {}
        self._new_runs: list[tuple[object, ...]] = []
        self._new_events: list[tuple[object, ...]] = []
        self._new_sent: list[tuple[object, ...]] = []
        self._lists = (self._new_runs, self._new_events, self._new_sent)
        self._undo: list[tuple[dict[Any, Any], Any, Any]] = []
        self._marks = (0, 0, 0)
        self._last_pk, self._last_position = memory.last_pk, memory.position or 0

    # -- reading -------------------------------------------------------------------------------------------------------

    def read(self, raw: sqlite3.Connection, posts: Sequence[Post]) -> None:
        """Read what the database has of these posts."""
        if self._memory.position is None:
            self._last_pk, self._last_position = raw.execute(_LAST_NUMBERS).fetchone()
        self._read_sent(raw, posts)
        self._read_runs(raw, posts)
        self._read_events(raw, posts)

    def recall(self, raw: sqlite3.Connection, posts: Sequence[Post]) -> bool:
        """The same by memory, all but the webhook-ids; False where a run or a source is not remembered."""
        if self._memory.position is None:
            return False
        for post in posts:
            name = _name(post)
            run = self._memory.runs.get(name)
            numbers = None if run is None else self._memory.sources.get((run.pk, post.source))
            if run is None or numbers is None:
                return False
            self._runs[name] = run
            self._source_states[run.pk, post.source] = numbers
        self._read_events(raw, posts)
        return True

    def _read_sent(self, raw: sqlite3.Connection, posts: Sequence[Post]) -> None:
        wanted = {(post.key_id, post.webhook_id) for post in posts if post.webhook_id is not None}
        for row in _select(raw, _TAKEN_IDS, wanted):
            sent = _Sent(row["hash"], RunId(row["run"]), row["position"], bool(row["cancel_requested"]))
            self._sent[row["key_id"], row["id"]] = sent

    def _read_runs(self, raw: sqlite3.Connection, posts: Sequence[Post]) -> None:
        for is_run_key, query in ((False, _TARGETS_BY_NAME), (True, _TARGETS_BY_KEY)):
            wanted = {(p.key_id, p.name, p.source) for p in posts if (p.kind is SourceKind.RUN_KEY) is is_run_key}
            for (found,) in _select(raw, query, wanted):
                for key, name, source, pk, run, kind, state, numbering, last, final, cancel in json.loads(found):
                    is_external = kind == RunKind.EXTERNAL
                    has_ended = not is_external and RunState(state) in FINAL
                    self._runs[is_run_key, key, name] = PostTarget(pk, RunId(run), is_external, has_ended, bool(cancel))
                    if numbering is not None:
                        self._source_states[pk, source] = SourceNumbers(numbering, last, final)

    def _read_events(self, raw: sqlite3.Connection, posts: Sequence[Post]) -> None:
        """Read the events under numbers that may be taken: what is in order needs no read."""
        wanted: set[tuple[int, str, int]] = set()
        for post in posts:
            run = self._runs.get(_name(post))
            source_state = None if run is None else self._source_states.get((run.pk, post.source))
            if (
                run is not None
                and source_state is not None
                and post.seq is not None
                and 1 <= post.seq <= source_state.last_seq
            ):
                wanted.add((run.pk, post.source, post.seq))
        for row in _select(raw, _EVENTS_BY_SEQ, wanted):
            self._events[row["run"], row["source"], row["seq"]] = _Stored(row["position"], row["hash"])

    # -- judging -------------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Mark the state to which `undo` returns."""
        self._undo.clear()
        self._marks = (len(self._new_runs), len(self._new_events), len(self._new_sent))

    def undo(self) -> None:
        """Return to the state at `begin`."""
        for table, key, old in reversed(self._undo):
            if old is _MISSING:
                del table[key]
            else:
                table[key] = old
        self._undo.clear()
        for rows, mark in zip(self._lists, self._marks, strict=True):
            del rows[mark:]

    def _put(self, table: dict[Any, Any], key: Any, value: Any) -> None:
        self._undo.append((table, key, table.get(key, _MISSING)))
        table[key] = value

    def replayed(self, post: Post) -> Receipt | None:
        """The first answer to a webhook-id that was used before. Raises IdConflict when another body used it."""
        earlier = None if post.webhook_id is None else self._sent.get((post.key_id, post.webhook_id))
        if earlier is None:
            return None
        if earlier.hash != post.body_hash:
            raise IdConflict("This webhook-id was used for another body: give every new event an id of its own.")
        _, run, position, cancel_requested = earlier
        return Receipt(run=run, position=position, duplicate=True, replayed=True, cancel_requested=cancel_requested)

    def take(self, post: Post, encoded: Encoded, now: Millis) -> Receipt:
        """Judge one post. Raises BadEvent; then nothing of it is kept."""
        earlier = self.replayed(post)
        if earlier is not None:
            return earlier
        require_number(post.seq)
        run = self._runs.get(_name(post)) or self._begin_run(post, now)
        position = self._known(run, post, encoded)
        is_known = position is not None
        if position is None:
            position = self._add(run, post, encoded)
        receipt = Receipt(run=run.run, position=position, duplicate=is_known, cancel_requested=run.cancel_requested)
        if post.webhook_id is not None:
            sent = _Sent(post.body_hash, run.run, position, run.cancel_requested)
            self._put(self._sent, (post.key_id, post.webhook_id), sent)
            self._new_sent.append((post.key_id, post.webhook_id, post.body_hash, run.pk, position, self._steady))
        return receipt

    def _begin_run(self, post: Post, now: Millis) -> PostTarget:
        if post.kind is SourceKind.RUN_KEY or not post.may_create:
            raise UnknownRun("No such run for this key: start it first, or use a key with the scope runs:create.")
        pk = self._last_pk + len(self._new_runs) + 1
        run = PostTarget(pk, RunId(post.new_run), ends_sources=True, has_ended=False, cancel_requested=False)
        self._new_runs.append((pk, run.run, post.key_id, post.name, post.channel, post.owner, now, now))
        self._put(self._runs, _name(post), run)
        return run

    def _known(self, run: PostTarget, post: Post, encoded: Encoded) -> int | None:
        """The position of the same event where it is stored already. Raises SequenceConflict, RunFinal."""
        source_state = self._source_states.get((run.pk, post.source), SourceNumbers())
        if post.seq is not None and post.seq <= source_state.last_seq and source_state.numbering == "sender":
            stored = self._events.get((run.pk, post.source, post.seq))
            if stored is not None:
                return same_or_conflict(stored.position, is_same=stored.hash == encoded.hash, seq=post.seq)
        require_open(
            source_state, post.seq, closed_after=source_state.last_seq if run.has_ended else source_state.final_seq
        )
        return None

    def _add(self, run: PostTarget, post: Post, encoded: Encoded) -> int:
        key = (run.pk, post.source)
        source_state = self._source_states.get(key, SourceNumbers())
        seq = source_state.last_seq + 1 if post.seq is None else post.seq
        # Positions have no gaps and only this transaction writes, so the next one is known.
        position = self._last_position + len(self._new_events) + 1
        self._new_events.append(
            (position, run.pk, post.source, seq, post.event_id, post.at, encoded.type, encoded.text, encoded.hash)
        )
        self._put(self._events, (run.pk, post.source, seq), _Stored(position, encoded.hash))
        final_seq = source_state.final_seq
        if run.ends_sources and encoded.type in FINAL_TYPES:
            final_seq = seq if final_seq is None else min(seq, final_seq)
        numbering = "server" if post.seq is None else "sender"
        self._put(self._source_states, key, SourceNumbers(numbering, max(source_state.last_seq, seq), final_seq))
        self._put(self._dirty, key, True)
        return position

    # -- writing -------------------------------------------------------------------------------------------------------

    @property
    def added(self) -> int:
        """How many events are new."""
        return len(self._new_events)

    def write(self, raw: sqlite3.Connection) -> None:
        """Write all that was taken. Raises IntegrityError where a webhook-id was used before and it was not read."""
        _ADD_EXTERNAL_RUNS.run(raw, self._new_runs)
        _ADD_IDS.run(raw, self._new_sent)
        _ADD_EVENTS.run(raw, self._new_events)
        _PUT_SOURCE_STATES.run(raw, [(*key, *self._source_states[key]) for key in self._dirty])

    def keep(self) -> None:
        """Remember what is true after it for the posts that come next."""
        self._memory.remember(
            self._runs,
            self._source_states,
            last_pk=self._last_pk + len(self._new_runs),
            position=self._last_position + len(self._new_events),
        )


def _name(post: Post) -> RunKey:
    return post.kind is SourceKind.RUN_KEY, post.key_id, post.name


def _select(raw: sqlite3.Connection, query: Many, rows: Iterable[tuple[object, ...]]) -> Iterator[Any]:
    for statement, values in query.over(list(rows)):
        yield from raw.execute(statement, values).fetchall()


def _prune_ids(raw: sqlite3.Connection, *, steady: Millis) -> None:
    """Remove webhook-ids that are older than 8 days, at most 2,000 at a time."""
    keep_steady(raw, steady)
    raw.execute(_PRUNE_IDS, (steady - REPLAYS_KEPT_MS,))
