-- Where events are that moved into compressed files.

-- name: parts_of_run
-- Where a run's events are that are in files.
SELECT a.archive, a.start, a.length, a.last_position, f.month
FROM archived_runs AS a JOIN archives AS f ON f.sha256 = a.archive
WHERE a.run = (SELECT pk FROM runs WHERE id = ?) ORDER BY a.last_position;

-- name: archived_upto
-- Up to where events may be missing in the log since they are in files.
SELECT coalesce((SELECT position FROM cursors WHERE name = 'archive'), 0);
