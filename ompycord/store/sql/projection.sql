-- What the projector reads and leaves: the log in commit order, folds, cursors.

-- name: cursor
-- How far a reader of the log has come.
SELECT position FROM cursors WHERE name = ?;

-- name: last_position
-- The end of the log.
SELECT coalesce(max(position), 0) FROM events;

-- name: events_after
-- The log in commit order.
SELECT e.position, r.id AS run, e.source, e.seq, e.id, e.at,
    CAST(e.type AS BLOB) AS type, CAST(e.body AS BLOB) AS body, e.hash
FROM events AS e JOIN runs AS r ON r.pk = e.run
WHERE e.position > ? ORDER BY e.position LIMIT ?;

-- name: fold
-- A cached fold, if it is of this version.
SELECT f.body FROM runs AS r LEFT JOIN folds AS f ON f.run = r.pk AND f.fold_version = ? WHERE r.id = ?;

-- name: events_by_source
-- One run's events by source and number, from a place on. The index on both finds the next ones in a run of any length.
SELECT e.position, r.id AS run, e.source, e.seq, e.id, e.at,
    CAST(e.type AS BLOB) AS type, CAST(e.body AS BLOB) AS body, e.hash
FROM events AS e JOIN runs AS r ON r.pk = e.run
WHERE e.run = (SELECT pk FROM runs WHERE id = :run) AND (e.source, e.seq) > (:source, :seq) AND +e.position <= :upto
ORDER BY e.source, e.seq LIMIT :limit;

-- name: put_folds
-- The cached fold; an older one of the same version never replaces a newer.
-- rows: 4 columns
WITH w (id, fold_version, position, body) AS (VALUES {rows})
INSERT INTO folds (run, fold_version, position, body)
SELECT r.pk, w.fold_version, w.position, w.body FROM w CROSS JOIN runs AS r ON r.id = w.id WHERE true
ON CONFLICT (run) DO UPDATE SET fold_version = excluded.fold_version, position = excluded.position, body = excluded.body
WHERE excluded.fold_version <> folds.fold_version OR excluded.position >= folds.position;

-- name: put_states
-- The state column of external runs, for queries; a hosted run's belongs to its transitions.
-- rows: 4 columns
WITH w (id, state, ended_at, now) AS (VALUES {rows})
UPDATE runs SET state = w.state, ended_at = w.ended_at, updated_at = w.now FROM w
WHERE runs.id = w.id AND runs.kind = 'external';

-- name: put_cursor
-- How far a reader has come; never backwards.
INSERT INTO cursors (name, position) VALUES (?, ?)
ON CONFLICT (name) DO UPDATE SET position = max(position, excluded.position);
