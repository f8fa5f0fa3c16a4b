"""A database with a past, made by a few statements, since a million posts would outlast the benchmark."""

import sqlite3
from contextlib import closing
from pathlib import Path

from ompycord.app.system import SystemClock, SystemIds
from ompycord.domain.events import Note, RunEvent
from ompycord.domain.folds.fold import FOLD_VERSION, fold
from ompycord.domain.ids import RunId, Source, external_source, new_ulid
from ompycord.store import PROJECTOR, open_store

__all__ = ["LANE", "fill", "run_name"]

LANE: Source = external_source("shared")
TEXT = "a sentence of an agent, as long as most are, about a file that it read and a test that it ran"


def run_name(number: int) -> str:
    """What the sender calls the run."""
    return f"filled-{number}"


async def fill(path: Path, *, runs: int, each: int) -> None:
    """`runs` open external runs of `each` notes, folded, with their webhook-ids.

    Written the way they would have come.
    """
    clock = SystemClock()
    async with open_store(path, clock=clock, ids=SystemIds()):
        pass
    if not runs:
        return
    now = clock.now_ms()
    ids = [new_ulid(now_ms=now, entropy=number.to_bytes(10)) for number in range(1, runs + 1)]
    example = RunId(ids[0])
    events = (
        RunEvent(run=example, source=LANE, seq=seq, at=now, body=Note(text=TEXT), position=seq)
        for seq in range(1, each + 1)
    )
    body = fold(example, events).dump()
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        raw.execute("PRAGMA synchronous = OFF")  # of the filling only; the store opens it with FULL
        raw.execute("BEGIN")
        raw.executemany(
            "INSERT INTO runs (pk, id, kind, key_id, external_name, state, created_at, updated_at)"
            " VALUES (?, ?, 'external', 'shared', ?, 'BUILDING', ?, ?)",
            [(number, run, run_name(number), now, now) for number, run in enumerate(ids, start=1)],
        )
        raw.execute(_EVENTS, {"runs": runs, "total": runs * each, "source": LANE, "now": now, "text": TEXT})
        raw.execute(
            "INSERT INTO source_states (run, source, numbering, last_seq) SELECT pk, ?, 'sender', ? FROM runs",
            (LANE, each),
        )
        raw.execute("INSERT INTO webhook_ids SELECT 'shared', 'msg_' || id, hash, run, position, at FROM events")
        raw.executemany(
            "INSERT INTO folds (run, fold_version, position, body) VALUES (?, ?, ?, ?)",
            [
                (number, FOLD_VERSION, runs * (each - 1) + number, body.replace(example.encode(), run.encode()))
                for number, run in enumerate(ids, start=1)
            ],
        )
        raw.execute("INSERT INTO cursors VALUES (?, ?)", (PROJECTOR, runs * each))
        raw.execute("COMMIT")
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")


_EVENTS = """
WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :total)
INSERT INTO events (position, run, source, seq, id, at, type, body, hash)
SELECT i + 1, i % :runs + 1, :source, i / :runs + 1, printf('%026d', i), :now, 'note',
       json_object('text', :text), randomblob(32) FROM n
"""
