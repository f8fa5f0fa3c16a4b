-- What digests read and leave.

-- name: runs_between
-- Runs that began or ended in a span; of too many the newest.
SELECT * FROM (
    SELECT r.* FROM runs AS r
    WHERE (r.guild = :guild OR r.kind = 'external')
      AND ((r.created_at >= :start AND r.created_at < :end) OR (r.ended_at >= :start AND r.ended_at < :end))
    ORDER BY r.pk DESC LIMIT :limit
) ORDER BY pk;

-- name: decisions_between
-- Decisions that were saved in a span and still count.
SELECT title FROM memory_items
WHERE guild = :guild AND kind = 'decision' AND status = 'active' AND created_at >= :start AND created_at < :end
ORDER BY created_at, id LIMIT 50;

-- name: reported_until
-- How far a job has told.
SELECT position FROM cursors WHERE name = ?;

-- name: begin_reporting
-- A job that tells for the first time.
INSERT INTO cursors (name, position) VALUES (:job, :end) ON CONFLICT (name) DO NOTHING;

-- name: advance_until
-- A job has told up to here, if no one else did.
UPDATE cursors SET position = :end WHERE name = :job AND position = :expect;
