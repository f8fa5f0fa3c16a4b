"""Every statement that changes the database, named; counterpart of `queries_read.py`. Nothing else in the product is SQL."""

import sqlite3
from collections.abc import Iterator, Sequence
from itertools import chain

ROWS = (64, 16, 4, 1)
"""How many rows a statement over many takes: few enough texts that all of them stay prepared."""


class Many:
    """One statement over many rows: `{rows}` in its text becomes `(?, …), (?, …)`."""

    def __init__(self, text: str, *, columns: int) -> None:
        row = f"({', '.join('?' * columns)})"
        self._texts = {count: text.format(rows=", ".join([row] * count)) for count in ROWS}

    def over(self, rows: Sequence[tuple[object, ...]]) -> Iterator[tuple[str, tuple[object, ...]]]:
        """Statements and their values until all rows are spoken for; none for no rows."""
        at = 0
        for count in ROWS:
            while len(rows) - at >= count:
                yield self._texts[count], tuple(chain.from_iterable(rows[at : at + count]))
                at += count

    def run(self, raw: sqlite3.Connection, rows: Sequence[tuple[object, ...]]) -> None:
        """All of them; for statements that answer nothing."""
        for statement, values in self.over(rows):
            raw.execute(statement, values)


# -- looking before writing --------------------------------------------------------------------------------------------

# The row number of a run.
RUN_PK = "SELECT pk FROM runs WHERE id = ?"

# The last row number of a run and the last position; both are given without gaps.
LAST_NUMBERS = "SELECT coalesce((SELECT max(pk) FROM runs), 0), coalesce((SELECT max(position) FROM events), 0)"

# Webhook-ids that their keys have used: what was sent with them and where that went.
REPLAYS = Many(
    """
WITH w (key_id, id) AS (VALUES {rows})
SELECT p.key_id, p.id, p.hash, p.position, r.id AS run, r.kind = 'external' AND EXISTS (
    SELECT 1 FROM events AS e
    WHERE e.run = r.pk AND e.source = 'ompycord' AND e.type = 'run.cancel_requested') AS cancel_requested
FROM w CROSS JOIN replays AS p ON p.key_id = w.key_id AND p.id = w.id JOIN runs AS r ON r.pk = p.run
""",
    columns=2,
)

# What posts must know of their external runs, by each key's own name for one: the run, its lane, a wish to cancel. One row of
# JSON, since every row of a result hands the interpreter's lock to the event loop.
TARGETS_BY_NAME = Many(
    """
WITH w (key_id, name, source) AS (VALUES {rows})
SELECT json_group_array(json_array(
    w.key_id, w.name, w.source, r.pk, r.id, r.kind, r.state, l.numbering, l.last_seq, l.final_seq, EXISTS (
        SELECT 1 FROM events AS e
        WHERE e.run = r.pk AND e.source = 'ompycord' AND e.type = 'run.cancel_requested')))
FROM w CROSS JOIN runs AS r ON r.key_id = w.key_id AND r.external_name = w.name
       LEFT JOIN lanes AS l ON l.run = r.pk AND l.source = w.source
""",
    columns=3,
)

# The same for a run's own key: only the run that the key is bound to. A hosted run is cancelled by its state.
TARGETS_BY_KEY = Many(
    """
WITH w (key_id, name, source) AS (VALUES {rows})
SELECT json_group_array(json_array(
    w.key_id, w.name, w.source, r.pk, r.id, r.kind, r.state, l.numbering, l.last_seq, l.final_seq, 0))
FROM w CROSS JOIN api_keys AS k ON k.id = w.key_id JOIN runs AS r ON r.pk = k.run AND r.id = w.name
       LEFT JOIN lanes AS l ON l.run = r.pk AND l.source = w.source
""",
    columns=3,
)

# Events by their numbers, to tell a repetition from a conflict.
EVENTS_BY_SEQ = Many(
    """
WITH w (run, source, seq) AS (VALUES {rows})
SELECT e.run, e.source, e.seq, e.position, e.hash
FROM w CROSS JOIN events AS e ON e.run = w.run AND e.source = w.source AND e.seq = w.seq
""",
    columns=3,
)

# How a lane is numbered and where it ended.
SOURCE_STATE = "SELECT numbering, last_seq, final_seq FROM lanes WHERE run = ? AND source = ?"

# An event by its number, to tell a repetition from a conflict.
EVENT_BY_SEQ = "SELECT position, hash FROM events WHERE run = ? AND source = ? AND seq = ?"

# -- the log -----------------------------------------------------------------------------------------------------------

# One fact.
ADD_EVENT = """
INSERT INTO events (run, source, seq, id, at, type, body, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING position
"""

# Keep the highest number of a lane of ours; those have no end.
PUT_SOURCE_STATE = """
INSERT INTO lanes (run, source, numbering, last_seq) VALUES (:run, :source, :numbering, :seq)
ON CONFLICT (run, source) DO UPDATE SET last_seq = max(last_seq, excluded.last_seq)
"""

# Many facts, their positions given.
ADD_EVENTS = Many("INSERT INTO events (position, run, source, seq, id, at, type, body, hash) VALUES {rows}", columns=9)

# The same for many lanes.
PUT_SOURCE_STATES = Many(
    """
INSERT INTO lanes (run, source, numbering, last_seq, final_seq) VALUES {rows}
ON CONFLICT (run, source) DO UPDATE SET last_seq = excluded.last_seq, final_seq = excluded.final_seq
""",
    columns=5,
)

# Remember webhook-ids.
ADD_REPLAYS = Many("INSERT INTO replays (key_id, id, hash, run, position, at) VALUES {rows}", columns=6)

# Forget webhook-ids that no sender retries any more; a bounded bite, so that no commit waits for it.
PRUNE_REPLAYS = """
DELETE FROM replays WHERE (key_id, id) IN (SELECT key_id, id FROM replays WHERE at < ? ORDER BY at LIMIT 2000)
"""

# Runs that sending keys began, their row numbers given.
ADD_EXTERNAL_RUNS = Many(
    """
INSERT INTO runs (pk, id, kind, key_id, external_name, channel, requester, state, created_at, updated_at)
SELECT column1, column2, 'external', column3, column4, column5, column6, 'BUILDING', column7, column8 FROM (VALUES {rows})
""",
    columns=8,
)

# -- decisions ---------------------------------------------------------------------------------------------------------

# Whether a draft is there, and the run it became.
DRAFT_RUN = "SELECT run FROM drafts WHERE id = ?"

# Whether another draft became this run.
DRAFT_OF_RUN = "SELECT id FROM drafts WHERE run = ?"

# What a person typed.
ADD_DRAFT = """
INSERT INTO drafts (id, person, guild, channel, body, created_at, run)
VALUES (:id, :person, :guild, :channel, :body, :created_at, :run)
"""

# Bind a draft to its run, once.
BIND_DRAFT = "UPDATE drafts SET run = ? WHERE id = ? AND run IS NULL"

# Keep what a person typed; typing again replaces the text and never the run.
SAVE_DRAFT = ADD_DRAFT + " ON CONFLICT (id) DO UPDATE SET body = excluded.body"

# A task is what it is: the same id again changes nothing (a retry is another run of it).
ADD_TASK = "INSERT INTO tasks (id, body, created_at) VALUES (?, ?, ?) ON CONFLICT (id) DO NOTHING"

# A new run's row.
ADD_RUN = """
INSERT INTO runs (id, kind, task, key_id, external_name, guild, channel, requester, repository, agent, state, machine,
                  version, lease_epoch, created_at, updated_at, ended_at)
VALUES (:id, :kind, :task, :key_id, :external_name, :guild, :channel, :requester, :repository, :agent, :state, :machine,
        :version, :lease_epoch, :created_at, :updated_at, :ended_at)
"""

# Move a hosted run, if nobody moved it since it was read.
MOVE_RUN = """
UPDATE runs SET state = :state, machine = :machine, version = version + 1, updated_at = :now,
                ended_at = CASE WHEN :is_final THEN coalesce(ended_at, :now) END
WHERE id = :id AND version = :version
"""

# A person's decision; the unique (run, kind, ref) makes it single.
ADD_DECISION = """
INSERT INTO decisions (id, run, kind, ref, action, by, by_name, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""

# An intent. The same step of the same iteration again (halt after stop, then cancel) is the one that is there.
ADD_EFFECT = """
INSERT INTO effects (run, key, body, status, attempts, created_at, started_at, finished_at, outcome)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (run, key) DO NOTHING
"""

# A step forward in the journal; each start is an attempt. A done effect stays done.
MOVE_EFFECT = """
UPDATE effects SET status = :status,
    attempts = attempts + (:status = 'started'),
    started_at = CASE :status WHEN 'started' THEN :at ELSE started_at END,
    finished_at = CASE :status WHEN 'done' THEN :at END,
    outcome = coalesce(:outcome, outcome)
WHERE run = :run AND key = :key AND status <> 'done'
"""

# The next lease of a run: whatever an earlier start of one of its steps reports is refused from now on.
NEXT_LEASE = "UPDATE runs SET lease_epoch = lease_epoch + 1 WHERE pk = ?"

# The lease that a run's step holds.
LEASE = "SELECT lease_epoch FROM runs WHERE pk = ?"

# Whether the journal knows a step at all.
EFFECT_EXISTS = "SELECT 1 FROM effects WHERE run = ? AND key = ?"

# A key, or its new name, scopes, channel, owner, end; never another secret under the same id.
PUT_KEY = """
INSERT INTO api_keys (id, name, kind, sha256, scopes, run, channel, owner, created_at, expires_at, revoked_at)
VALUES (:id, :name, :kind, :sha256, :scopes, :run, :channel, :owner, :created_at, :expires_at, :revoked_at)
ON CONFLICT (id) DO UPDATE SET name = excluded.name, scopes = excluded.scopes, channel = excluded.channel,
                               owner = excluded.owner,
                               expires_at = excluded.expires_at, revoked_at = excluded.revoked_at
"""

# A run's keys end soon; one that ends sooner still does.
EXPIRE_KEYS = "UPDATE api_keys SET expires_at = min(coalesce(expires_at, :at), :at) WHERE run = :run"

# -- the audit ---------------------------------------------------------------------------------------------------------

# The end of the chain.
AUDIT_TAIL = "SELECT n, hash FROM audit ORDER BY n DESC LIMIT 1"

# One more link.
ADD_AUDIT = "INSERT INTO audit (n, at, actor, action, subject, detail, previous, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"

# -- the projector and the deliveries ----------------------------------------------------------------------------------

# The cached fold; an older one of the same version never replaces a newer.
PUT_FOLDS = Many(
    """
WITH w (id, fold_version, position, body) AS (VALUES {rows})
INSERT INTO folds (run, fold_version, position, body)
SELECT r.pk, w.fold_version, w.position, w.body FROM w CROSS JOIN runs AS r ON r.id = w.id WHERE true
ON CONFLICT (run) DO UPDATE SET fold_version = excluded.fold_version, position = excluded.position, body = excluded.body
WHERE excluded.fold_version <> folds.fold_version OR excluded.position >= folds.position
""",
    columns=4,
)

# The state column of external runs, for queries; a hosted run's belongs to its transitions.
PUT_STATES = Many(
    """
WITH w (id, state, ended_at, now) AS (VALUES {rows})
UPDATE runs SET state = w.state, ended_at = w.ended_at, updated_at = w.now FROM w
WHERE runs.id = w.id AND runs.kind = 'external'
""",
    columns=4,
)

# How far a reader has come; never backwards.
PUT_CURSOR = """
INSERT INTO cursors (name, position) VALUES (?, ?)
ON CONFLICT (name) DO UPDATE SET position = max(position, excluded.position)
"""

# A row for the sake of writing one: whether the database can be written.
PUT_PROBE = """
INSERT INTO cursors (name, position) VALUES ('probe', 1) ON CONFLICT (name) DO UPDATE SET position = position + 1
"""

# Something for Discord, once.
ADD_OUTBOX = Many(
    """
WITH w (id, kind, ref, body, status, attempts, created_at, done_at, error) AS (VALUES {rows})
INSERT INTO outbox (run, kind, ref, body, status, attempts, created_at, done_at, error)
SELECT r.pk, w.kind, w.ref, w.body, w.status, w.attempts, w.created_at, w.done_at, w.error
FROM w CROSS JOIN runs AS r ON r.id = w.id WHERE true ON CONFLICT (run, kind, ref) DO NOTHING
""",
    columns=9,
)

# It arrived.
DELIVERED = "UPDATE outbox SET status = 'done', attempts = attempts + 1, done_at = ?, error = NULL WHERE id = ?"

# It did not; what arrived meanwhile stays arrived.
UNDELIVERED = """
UPDATE outbox SET status = CASE WHEN :final THEN 'failed' ELSE status END, attempts = attempts + 1, error = :error
WHERE id = :id AND status = 'pending'
"""

# Where something of ours stands in Discord and what it shows.
PUT_SURFACE = """
INSERT INTO surfaces (run, kind, ref, channel, message, shown_hash, shown_position, posted_at, edited_at)
VALUES (:run, :kind, :ref, :channel, :message, :shown_hash, :shown_position, :posted_at, :edited_at)
ON CONFLICT (run, kind, ref) DO UPDATE SET channel = excluded.channel, message = excluded.message,
    shown_hash = excluded.shown_hash, shown_position = excluded.shown_position,
    posted_at = excluded.posted_at, edited_at = excluded.edited_at
"""

# A channel's board and what it shows.
PUT_BOARD = """
INSERT INTO boards (channel, message, shown_hash, posted_at) VALUES (:channel, :message, :shown_hash, :posted_at)
ON CONFLICT (channel) DO UPDATE SET message = excluded.message, shown_hash = excluded.shown_hash, posted_at = excluded.posted_at
"""

# It is gone.
DROP_BOARD = "DELETE FROM boards WHERE channel = ?"

# What a person chose, the last word of theirs.
PUT_PERSON = """
INSERT INTO people (person, body, updated_at) VALUES (?, ?, ?)
ON CONFLICT (person) DO UPDATE SET body = excluded.body, updated_at = excluded.updated_at
"""
