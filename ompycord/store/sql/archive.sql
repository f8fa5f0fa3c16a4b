-- Events of ended runs that moved into compressed files.

-- name: due_runs
-- Runs after a row number that ended long ago and have events in the log, with nothing of them under way: none of their
-- chain is open, no message waits, no effect is unfinished, no pull request of theirs is open.
SELECT r.pk, r.id AS run, r.ended_at FROM runs AS r
WHERE r.pk > :after AND r.ended_at < :before
  AND EXISTS (SELECT 1 FROM events AS e WHERE e.run = r.pk)
  AND NOT EXISTS (SELECT 1 FROM events AS e WHERE e.run = r.pk AND e.at >= :before)
  AND NOT EXISTS (SELECT 1 FROM archived_runs AS a WHERE a.run = r.pk AND a.is_in_log = 1)
  AND NOT EXISTS (SELECT 1 FROM outbox AS o WHERE o.run = r.pk AND o.status = 'pending')
  AND NOT EXISTS (SELECT 1 FROM effects AS f WHERE f.run = r.pk AND f.status <> 'done')
  AND NOT EXISTS (SELECT 1 FROM deliveries AS d WHERE d.run = r.pk AND d.status = 'pending')
  AND NOT EXISTS (
    SELECT 1 FROM runs AS c
    WHERE c.ended_at IS NULL AND coalesce(c.chain, c.id) = coalesce(r.chain, r.id))
  AND NOT EXISTS (SELECT 1 FROM pull_requests AS p WHERE p.is_open AND p.chain = coalesce(r.chain, r.id))
ORDER BY r.pk LIMIT :limit;

-- name: readers_position
-- Up to where the projector has come, and one before the end of the log: that number must never be given again.
SELECT min(coalesce((SELECT position FROM cursors WHERE name = 'projector'), 0),
           coalesce((SELECT max(position) FROM events), 1) - 1);

-- name: events_to_archive
-- All events of a run that are in the log.
SELECT e.position, r.id AS run, e.source, e.seq, e.id, e.at,
    CAST(e.type AS BLOB) AS type, CAST(e.body AS BLOB) AS body, e.hash
FROM events AS e JOIN runs AS r ON r.pk = e.run
WHERE e.run = ? ORDER BY e.position;

-- name: begin_archive
-- A file that is about to be written: until it is kept, it is removed wherever it is found.
INSERT INTO archives (sha256, month, runs, events, size, made_at, is_kept)
VALUES (:sha256, :month, :runs, :events, :size, :made_at, 0)
ON CONFLICT (sha256) DO NOTHING;

-- name: keep_archive
-- It is written, and counts from now on.
UPDATE archives SET is_kept = 1 WHERE sha256 = ?;

-- name: drop_archive
-- It counts no more, and is removed.
UPDATE archives SET is_kept = 0 WHERE sha256 = ?;

-- name: dropped_archives
-- Files to remove.
SELECT sha256 FROM archives WHERE is_kept = 0;

-- name: archive_names
-- Every file, whether it counts or not.
SELECT sha256 FROM archives;

-- name: forget_archive
-- A file that is removed.
DELETE FROM archives WHERE sha256 = ? AND is_kept = 0;

-- name: put_archived_run
-- Where a run's part of a file is.
INSERT INTO archived_runs (run, archive, start, length, last_position, is_in_log) VALUES (?, ?, ?, ?, ?, ?);

-- name: drop_archived_runs
-- All parts of a file.
DELETE FROM archived_runs WHERE archive = ?;

-- name: parts_of_archive
-- The parts of a file.
SELECT run, start, length, last_position, is_in_log FROM archived_runs WHERE archive = ? ORDER BY start;

-- name: kept_archives
-- All files that count.
SELECT sha256, month, runs, events, size, made_at FROM archives WHERE is_kept = 1 ORDER BY month, made_at;

-- name: totals
-- What is in files.
SELECT count(*) AS files, coalesce(sum(runs), 0) AS runs, coalesce(sum(events), 0) AS events,
    coalesce(sum(size), 0) AS size, max(month) AS month
FROM archives WHERE is_kept = 1;

-- name: next_in_log
-- A run that is in a file and still in the log.
SELECT run, archive, last_position FROM archived_runs WHERE is_in_log = 1 ORDER BY run LIMIT 1;

-- name: take_out_events
-- Some events of a run, the oldest first.
DELETE FROM events WHERE position IN (
    SELECT position FROM events WHERE run = :run AND +position <= :upto ORDER BY position LIMIT :limit);

-- name: take_out_fold
-- It is folded from the file where somebody asks for it.
DELETE FROM folds WHERE run = ?;

-- name: take_out_effects
-- What was done for a run.
DELETE FROM effects WHERE run = ? AND status = 'done';

-- name: take_out_messages
-- What was sent for a run.
DELETE FROM outbox WHERE run = ? AND status <> 'pending';

-- name: is_out_of_log
-- A run's part that is in its file alone.
UPDATE archived_runs SET is_in_log = 0 WHERE run = ? AND archive = ?;
