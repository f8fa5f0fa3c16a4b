"""`SqliteStore`, the product's one implementation of `domain/ports/store.py`; tests use the same (there is no double).

Thin on purpose: every method prepares in the caller's task, then posts one function to the writer or to a reader.
"""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from functools import partial

from ompycord.domain.authority import SourceKind
from ompycord.domain.base import Millis
from ompycord.domain.events import TRANSCRIPT_TYPES, EventBody, RunEvent
from ompycord.domain.fold import RunFold
from ompycord.domain.ids import AGENT_SOURCE, RunId
from ompycord.domain.person_settings import PersonSettings
from ompycord.domain.ports import Clock, DumpedFold, Ids, RunFilter
from ompycord.domain.records import (
    Board,
    Commit,
    Committed,
    Decision,
    Draft,
    EffectRow,
    KeyRecord,
    NewEvent,
    OutboxKind,
    OutboxRow,
    Post,
    Receipt,
    Surface,
)
from ompycord.domain.run import RunRecord, RunState
from ompycord.domain.snapshot import StatusSnapshot
from ompycord.domain.stages import PREPARE
from ompycord.domain.task import Task
from ompycord.errors import BadEvent
from ompycord.store import audit, deciding, log, projecting, rows, streaming
from ompycord.store import queries_read as sql
from ompycord.store.admission import Posted, append_all
from ompycord.store.committer import Committer
from ompycord.store.connection import Connection
from ompycord.store.degraded import WriteGuard
from ompycord.store.readers import Readers
from ompycord.store.rows import encode

__all__ = ["SqliteStore"]

PRUNE_EVERY_MS = 1_000
"""With 2,000 at a time: more than senders can make at their rates, 100 a second and key."""
END_OF_LOG = 2**63 - 1
TRANSCRIPT = json.dumps(sorted(TRANSCRIPT_TYPES))


class SqliteStore:
    """Made by `open_store`. Methods that write return after the commit; StorageError when the database does not take it."""

    def __init__(self, *, writer: Connection, readers: Readers, guard: WriteGuard, clock: Clock, ids: Ids) -> None:
        self._connection = writer
        self._guard = guard
        self._writer = Committer(writer, guard)
        self._readers = readers
        self._clock = clock
        self._ids = ids
        self._pruned_at = 0

    @property
    def transactions(self) -> int:
        """How many write transactions were begun; against the number of events it shows the group commit at work."""
        return self._writer.batches

    @property
    def read_only(self) -> str | None:
        """Why nothing is written for now, in one sentence; None while everything is."""
        return self._guard.reason

    async def is_writable(self) -> bool:
        """Whether a row can be committed: what a health check asks, however often."""

        async def write() -> None:
            await self._writer.submit(projecting.put_probe)

        return await self._guard.is_writable(write)

    async def close(self) -> None:
        """Commit what was taken, then close the readers, then the writer, which checkpoints last. Idempotent."""
        self._guard.close()
        try:
            await self._writer.close()
        finally:
            try:
                await self._readers.close()
            finally:
                await self._connection.close()

    # -- observations --------------------------------------------------------------------------------------------------

    async def append(self, posts: Sequence[Post], *, together: bool = False) -> list[Receipt | BadEvent]:
        """Store a batch, each post judged alone.

        `together`: all or nothing. Then the first refusal ends the list, its index is its place, and nothing is stored;
        a webhook-id, which stands on the last post, stands for all of them.
        """
        encoded = [(post, encode(post.body)) for post in posts]
        now = self._clock.now_ms()
        prune = now - self._pruned_at >= PRUNE_EVERY_MS
        if prune:
            self._pruned_at = now

        posted = Posted(encoded, now, together=together, prunes=prune)
        return await self._writer.submit_one_of(append_all, posted, weight=len(posts))

    async def observe(self, run: RunId, bodies: Sequence[EventBody], *, at: Millis) -> int:
        """Events of a local adapter; the last position, 0 when there was nothing to store. Raises UnknownRun."""
        events = [
            NewEvent(run=run, source=AGENT_SOURCE, kind=SourceKind.AGENT, at=at, body=body, id=self._ids.ulid())
            for body in bodies
        ]
        encoded = [(event, encode(event.body)) for event in events]
        if not encoded:
            return 0

        def work(raw: sqlite3.Connection) -> int:
            return [log.add_event(raw, event, text) for event, text in encoded][-1]

        return await self._writer.submit(work, weight=len(encoded))

    # -- decisions -----------------------------------------------------------------------------------------------------

    async def commit(self, commit: Commit) -> Committed:
        """Apply all of it or nothing. Raises VersionConflict, UnknownRun, SequenceConflict, StorageError."""
        work = partial(deciding.apply_commit, prepared=deciding.prepare(commit), now=self._clock.now_ms())
        return await self._writer.submit(work, weight=1 + len(commit.events))

    async def save_draft(self, draft: Draft) -> None:
        await self._writer.submit(partial(deciding.save_draft, draft=draft))

    async def audit(self, *, actor: str, action: str, subject: str, detail: Mapping[str, str], at: Millis) -> None:
        """One more link of the chain, for what is no decision about a run."""
        link = partial(audit.add_audit, at=at, actor=actor, action=action, subject=subject, detail=dict(detail))
        await self._writer.submit(link)

    async def verify_audit(self) -> int:
        """The number of audit rows, recomputed one by one. Raises StorageError naming the first that is wrong."""
        return await self._readers.read(audit.verify_chain)

    # -- the projector -------------------------------------------------------------------------------------------------

    async def cursor(self, name: str) -> int:
        return await self._readers.read(partial(projecting.cursor, name=name))

    async def events_after(self, position: int, *, limit: int) -> list[RunEvent]:
        return await self._readers.all(sql.EVENTS_AFTER, (position, limit), rows.event_of)

    async def events_of(self, run: RunId) -> list[RunEvent]:
        return await self._readers.all(sql.EVENTS_OF, (run, END_OF_LOG), rows.event_of)

    async def transcript(self, run: RunId, *, after: int) -> list[RunEvent]:
        return await self._readers.all(sql.TRANSCRIPT, {"run": run, "after": after, "types": TRANSCRIPT}, rows.event_of)

    async def session(self, run: RunId) -> str | None:
        values = {"run": run, "prepared": f"{PREPARE.name}:*"}
        return await self._readers.one(sql.SESSION, values, lambda row: str(row["session"]))

    async def session_usd(self, run: RunId, session: str) -> float:
        """What the run's agent has told so far that this session of its own cost."""
        values = {"run": run, "session": session}
        return await self._readers.one(sql.SESSION_USD, values, lambda row: float(row["usd"])) or 0.0

    async def page(self, run: RunId | None, after: int, *, limit: int, most: int) -> tuple[list[RunEvent], int] | None:
        """Projected events after a position and how far was read; None when more than `most` wait (`streaming.py`)."""
        return await self._readers.read(partial(streaming.page, run=run, after=after, limit=limit, most=most))

    async def base(self, run: RunId | None) -> tuple[int, list[StatusSnapshot]]:
        """The projector's position and the snapshots there: of one run, or of the newest open ones."""
        known = await self._readers.read(partial(streaming.base, run=run))
        folds = await self._complete(known)
        return known.upto, [fold.snapshot() for fold in folds.values() if fold.source_states]

    async def folds(self, runs: Sequence[RunId]) -> dict[RunId, RunFold]:
        return await self._complete(await self._readers.read(partial(projecting.cached, runs=runs)))

    async def _complete(self, known: projecting.Cached) -> dict[RunId, RunFold]:
        result: dict[RunId, RunFold] = {}
        for run, fold in known.folds.items():
            result[run] = fold or await self._refolded(run, upto=known.upto)
        return result

    async def _refolded(self, run: RunId, *, upto: int) -> RunFold:
        refold = projecting.Refold(run, upto=upto)
        while await self._readers.read(refold.go_on):
            pass
        return refold.fold

    async def project(
        self,
        name: str,
        *,
        upto: int,
        folds: Sequence[DumpedFold],
        states: Mapping[RunId, tuple[RunState, Millis | None]],
        outbox: Sequence[OutboxRow],
    ) -> None:
        work = partial(
            projecting.project,
            name=name,
            upto=upto,
            dumps=tuple(folds),
            states=dict(states),
            outbox=tuple(outbox),
            now=self._clock.now_ms(),
        )
        await self._writer.submit(work, weight=1 + len(folds))

    async def backlog(self) -> int:
        return await self._readers.read(projecting.backlog)

    # -- reading -------------------------------------------------------------------------------------------------------

    async def run(self, run: RunId) -> RunRecord | None:
        return await self._readers.one(sql.RUN, (run,), rows.run_of)

    async def runs_by_id(self, runs: Sequence[RunId]) -> dict[RunId, RunRecord]:
        found = await self._readers.all(sql.RUNS_BY_ID, (json.dumps(runs),), rows.run_of)
        return {RunId(record.id): record for record in found}

    async def runs(self, which: RunFilter) -> list[RunRecord]:
        values = which.model_dump(exclude={"states"})
        values["states"] = None if which.states is None else json.dumps(sorted(which.states))
        return await self._readers.all(sql.RUNS_OPEN if which.is_open else sql.RUNS, values, rows.run_of)

    async def run_of_surface(self, channel_or_message: str) -> RunRecord | None:
        return await self._readers.one(sql.RUN_OF_SURFACE, {"id": channel_or_message}, rows.run_of)

    async def task(self, task: str) -> Task | None:
        return await self._readers.one(sql.TASK, (task,), rows.task_of)

    async def draft(self, draft: str) -> Draft | None:
        return await self._readers.one(sql.DRAFT, (draft,), rows.draft_of)

    async def decision(self, run: RunId, kind: str, ref: str) -> Decision | None:
        return await self._readers.one(sql.DECISION, (run, kind, ref), rows.decision_of)

    async def open_effects(self) -> list[EffectRow]:
        return await self._readers.all(sql.OPEN_EFFECTS, (), rows.effect_of)

    async def keys(self) -> list[KeyRecord]:
        return await self._readers.all(sql.KEYS, {"now": self._clock.now_ms()}, rows.key_of)

    # -- deliveries ----------------------------------------------------------------------------------------------------

    async def outbox(self, *, limit: int = 500) -> list[OutboxRow]:
        return await self._readers.all(sql.OUTBOX, (limit,), rows.outbox_of)

    async def delivered(self, row: OutboxRow, surface: Surface | None, *, at: Millis) -> None:
        await self._writer.submit(partial(projecting.delivered, row=row, surface=surface, at=at))

    async def undelivered(self, row: OutboxRow, *, error: str, final: bool) -> None:
        await self._writer.submit(partial(projecting.undelivered, row=row, error=error, final=final))

    async def surfaces(self, run: RunId) -> list[Surface]:
        return await self._readers.all(sql.SURFACES, (run,), rows.surface_of)

    async def surface(self, run: RunId, kind: OutboxKind, ref: str = "") -> Surface | None:
        return await self._readers.one(sql.SURFACE, (run, kind, ref), rows.surface_of)

    async def shown(self, surface: Surface) -> None:
        await self._writer.submit(partial(projecting.put_surface, surface=surface))

    async def stale_cards(self) -> list[RunId]:
        return await self._readers.all(sql.STALE_CARDS, (), lambda row: RunId(row["id"]))

    async def boards(self) -> list[Board]:
        return await self._readers.all(sql.BOARDS, (), rows.board_of)

    async def save_board(self, board: Board) -> None:
        await self._writer.submit(partial(projecting.put_board, board=board))

    async def drop_board(self, channel: str) -> None:
        await self._writer.submit(partial(projecting.drop_board, channel=channel))

    # -- people --------------------------------------------------------------------------------------------------------

    async def person_settings(self, person: str) -> PersonSettings:
        return await self._readers.one(sql.PERSON, (person,), rows.person_settings_of) or PersonSettings()

    async def save_person_settings(self, person: str, settings: PersonSettings, *, at: Millis) -> None:
        await self._writer.submit(partial(deciding.put_person, person=person, settings=settings, at=at))
