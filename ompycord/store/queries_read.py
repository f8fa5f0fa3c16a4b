"""Every statement that only reads, named; counterpart of `queries_write.py` and of the parsers in `rows.py`."""

_RUN = """
SELECT r.id, r.kind, r.task, r.key_id, r.external_name, r.guild, r.channel, r.requester, r.repository, r.agent, r.state,
       r.machine, r.version, r.lease_epoch, r.created_at, r.updated_at, r.ended_at FROM runs AS r
"""
_EVENT = """
SELECT e.position, r.id AS run, e.source, e.seq, e.id, e.at, e.type, e.body FROM events AS e JOIN runs AS r ON r.pk = e.run
"""
_DRAFT = "SELECT id, person, guild, channel, body, created_at, run FROM drafts"
_SURFACE = """
SELECT r.id AS run, s.kind, s.ref, s.channel, s.message, s.shown_hash, s.shown_position, s.posted_at, s.edited_at
FROM surfaces AS s JOIN runs AS r ON r.pk = s.run
"""

# How far a reader of the log has come.
CURSOR = "SELECT position FROM cursors WHERE name = ?"

# The end of the log.
LAST_POSITION = "SELECT coalesce(max(position), 0) FROM events"

# The log in commit order.
EVENTS_AFTER = _EVENT + "WHERE e.position > ? ORDER BY e.position LIMIT ?"

# One run's log, up to a position. UNIQUE (run, source, seq) finds it; the sort is over one run only.
EVENTS_OF = _EVENT + "WHERE r.id = ? AND e.position <= ? ORDER BY e.position"

# What a run's agents and people said to each other. The index on the run finds its events, however long the log is.
TRANSCRIPT = f"""
{_EVENT}
WHERE e.run = (SELECT pk FROM runs WHERE id = :run) AND +e.position > :after
  AND e.type IN (SELECT value FROM json_each(:types))
ORDER BY e.position
"""  # noqa: S608  # both parts are constants of this file

# The last session that a run's agent opened since its clone was made: an earlier one went with its clone.
SESSION = """
SELECT json_extract(e.body, '$.session') AS session FROM events AS e JOIN runs AS r ON r.pk = e.run
WHERE r.id = :run AND e.source = 'agent' AND e.type = 'session.opened' AND e.position > coalesce((
    SELECT max(p.position) FROM events AS p
    WHERE p.run = e.run AND p.source = 'ompycord' AND p.type = 'effect.finished'
      AND json_extract(p.body, '$.key') GLOB :prepared), 0)
ORDER BY e.position DESC LIMIT 1
"""

# What a run's agent has told that a session of its own cost.
SESSION_USD = """
SELECT coalesce(sum(json_extract(e.body, '$.cost_usd')), 0.0) AS usd FROM events AS e JOIN runs AS r ON r.pk = e.run
WHERE r.id = :run AND e.source = 'agent' AND e.type = 'usage.updated' AND e.position > (
    SELECT min(o.position) FROM events AS o
    WHERE o.run = e.run AND o.source = 'agent' AND o.type = 'session.opened'
      AND json_extract(o.body, '$.session') = :session)
"""

# A stream's page: the log between two positions.
PAGE_OF_ALL = _EVENT + "WHERE e.position > :after AND e.position <= :upto ORDER BY e.position LIMIT :limit"
COUNT_OF_ALL = "SELECT min(:upto - :after, :limit)"  # positions have no gaps

# The same of one run. The index on the run finds its events, however long the log is.
_OF_RUN = "WHERE e.run = (SELECT pk FROM runs WHERE id = :run) AND +e.position > :after AND +e.position <= :upto"
PAGE_OF_RUN = f"{_EVENT}{_OF_RUN} ORDER BY e.position LIMIT :limit"
COUNT_OF_RUN = f"SELECT count(*) FROM (SELECT 1 FROM events AS e {_OF_RUN} LIMIT :limit)"  # noqa: S608  # constants

# The same near the end of the log, found by position.
_OF_RUN_NEAR = "WHERE e.position > :after AND e.position <= :upto AND +e.run = (SELECT pk FROM runs WHERE id = :run)"
PAGE_OF_RUN_NEAR = f"{_EVENT}{_OF_RUN_NEAR} ORDER BY e.position LIMIT :limit"
COUNT_OF_RUN_NEAR = f"SELECT count(*) FROM (SELECT 1 FROM events AS e {_OF_RUN_NEAR} LIMIT :limit)"  # noqa: S608  # constants

# One run's events by source and number, from a place on: the index on both finds the next ones, however long the run is.
_NEXT_OF_SOURCE = "(e.source, e.seq) > (:source, :seq) AND +e.position <= :upto ORDER BY e.source, e.seq LIMIT :limit"
EVENTS_BY_SOURCE = f"{_EVENT}WHERE e.run = (SELECT pk FROM runs WHERE id = :run) AND {_NEXT_OF_SOURCE}"  # noqa: S608  # constants

# Runs that a stream of all runs begins with.
OPEN_RUNS = "SELECT id FROM runs WHERE ended_at IS NULL ORDER BY pk DESC LIMIT :limit"

# A cached fold, if it is of this version.
FOLD = """
SELECT f.body FROM runs AS r LEFT JOIN folds AS f ON f.run = r.pk AND f.fold_version = ? WHERE r.id = ?
"""

# One run.
RUN = _RUN + "WHERE r.id = ?"

# Some runs; the parameter is a JSON array of their ids.
RUNS_BY_ID = _RUN + "WHERE r.id IN (SELECT value FROM json_each(?))"  # noqa: S608  # both parts are constants of this file

# Runs, newest first; a condition that is NULL does not count.
_WHICH = """
      (:states IS NULL OR r.state IN (SELECT value FROM json_each(:states)))
  AND (:is_open IS NULL OR (r.ended_at IS NULL) = :is_open)
  AND (:kind IS NULL OR r.kind = :kind)
  AND (:updated_before IS NULL OR r.updated_at < :updated_before)
  AND (:guild IS NULL OR r.guild = :guild)
  AND (:requester IS NULL OR r.requester = :requester)
  AND (:repository IS NULL OR r.repository = :repository)
  AND (:ending IS NULL OR substr(r.id, -length(:ending)) = upper(:ending))
ORDER BY r.pk DESC LIMIT :limit
"""
RUNS = f"{_RUN} WHERE {_WHICH}"

# The same of open runs: their index holds only them, however many have ended.
RUNS_OPEN = f"{_RUN} INDEXED BY runs_open WHERE r.ended_at IS NULL AND {_WHICH}"

# The run of a message, or of a thread: a channel stands for a run only where the run's thread is that channel.
RUN_OF_SURFACE = f"""
{_RUN}
WHERE r.pk = (SELECT run FROM surfaces WHERE message = :id
              UNION SELECT run FROM surfaces WHERE channel = :id AND kind = 'thread' LIMIT 1)
"""  # noqa: S608  # both parts are constants of this file

# What a person asked for.
TASK = "SELECT body FROM tasks WHERE id = ?"

# What a person typed.
DRAFT = _DRAFT + " WHERE id = ?"

# What was decided.
DECISION = """
SELECT d.id, r.id AS run, d.kind, d.ref, d.action, d.by, d.by_name, d.at
FROM decisions AS d JOIN runs AS r ON r.pk = d.run WHERE r.id = ? AND d.kind = ? AND d.ref = ?
"""

# Intents without their done row.
OPEN_EFFECTS = """
SELECT r.id AS run, f.key, f.body, f.status, f.attempts, f.created_at, f.started_at, f.finished_at, f.outcome
FROM effects AS f JOIN runs AS r ON r.pk = f.run WHERE f.status <> 'done' ORDER BY f.created_at, f.rowid
"""

# What must still reach Discord.
OUTBOX = """
SELECT o.id, r.id AS run, o.kind, o.ref, o.body, o.status, o.attempts, o.created_at, o.done_at, o.error
FROM outbox AS o JOIN runs AS r ON r.pk = o.run WHERE o.status = 'pending' ORDER BY o.id LIMIT ?
"""

# All that stands in Discord of one run.
SURFACES = _SURFACE + "WHERE r.id = ? ORDER BY s.kind, s.ref"

# One of them.
SURFACE = _SURFACE + "WHERE r.id = ? AND s.kind = ? AND s.ref = ?"

# Runs whose newest card is behind their fold. Older cards of a run stay as they are (rolled over).
STALE_CARDS = """
SELECT r.id FROM surfaces AS s JOIN folds AS f ON f.run = s.run JOIN runs AS r ON r.pk = s.run
WHERE s.kind = 'card' GROUP BY s.run HAVING max(s.shown_position) < f.position ORDER BY f.position
"""

# Keys that may still open something.
KEYS = """
SELECT k.id, k.name, k.kind, k.sha256, k.scopes, r.id AS run, k.channel, k.owner, k.created_at, k.expires_at, k.revoked_at
FROM api_keys AS k LEFT JOIN runs AS r ON r.pk = k.run
WHERE k.revoked_at IS NULL AND (k.run IS NULL OR k.expires_at IS NULL OR k.expires_at > :now)
ORDER BY k.created_at, k.id
"""

# The whole chain, in order.
AUDIT = "SELECT n, at, actor, action, subject, detail, previous, hash FROM audit ORDER BY n"

# Boards, by channel.
BOARDS = "SELECT channel, message, shown_hash, posted_at FROM boards ORDER BY channel"

# What a person chose.
PERSON = "SELECT body FROM people WHERE person = ?"
