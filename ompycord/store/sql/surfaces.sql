-- Messages and threads of runs in Discord, and what they show.

-- name: surfaces
-- All that stands in Discord of one run.
SELECT r.id AS run, s.kind, s.ref, s.channel, s.message, s.shown_hash, s.shown_position, s.posted_at, s.edited_at
FROM surfaces AS s JOIN runs AS r ON r.pk = s.run
WHERE r.id = ? ORDER BY s.kind, s.ref;

-- name: surfaces_of
-- All that stands in Discord of several runs.
SELECT r.id AS run, s.kind, s.ref, s.channel, s.message, s.shown_hash, s.shown_position, s.posted_at, s.edited_at
FROM json_each(?) AS w CROSS JOIN runs AS r ON r.id = w.value JOIN surfaces AS s ON s.run = r.pk
ORDER BY w.key, s.kind, s.ref;

-- name: surface
-- One of them.
SELECT r.id AS run, s.kind, s.ref, s.channel, s.message, s.shown_hash, s.shown_position, s.posted_at, s.edited_at
FROM surfaces AS s JOIN runs AS r ON r.pk = s.run
WHERE r.id = ? AND s.kind = ? AND s.ref = ?;

-- name: run_of_surface
-- The run of a message, or of a thread: a channel stands for a run only where the run's thread is that channel. Of the
-- runs of one thread it is the one at work, else the next in the queue, else the last one.
SELECT r.*
FROM runs AS r
WHERE r.pk IN (SELECT run FROM surfaces WHERE message = :id
               UNION SELECT run FROM surfaces WHERE channel = :id AND kind = 'thread')
ORDER BY r.ended_at IS NOT NULL, r.state = 'QUEUED', CASE WHEN r.ended_at IS NULL THEN r.pk ELSE -r.pk END LIMIT 1;

-- name: thread_namer
-- The run that names a thread: the one at work, else the next in the queue, else the one that ended last.
SELECT r.id FROM surfaces AS s JOIN runs AS r ON r.pk = s.run
WHERE s.channel = ? AND s.kind = 'thread'
ORDER BY r.ended_at IS NOT NULL, r.state = 'QUEUED', CASE WHEN r.ended_at IS NULL THEN r.pk ELSE -r.ended_at END LIMIT 1;

-- name: thread_name
-- The name of a thread, which stands with the run for which it was opened.
SELECT shown_hash FROM surfaces WHERE channel = ? AND kind = 'thread' AND shown_hash IS NOT NULL LIMIT 1;

-- name: thread_named
-- Its name from now on.
UPDATE surfaces SET shown_hash = :shown_hash
WHERE channel = :channel AND kind = 'thread' AND shown_hash IS NOT NULL;

-- name: is_thread_named
-- Whether another thread shows this name.
SELECT 1 FROM surfaces WHERE kind = 'thread' AND shown_hash = :shown_hash AND channel <> :besides LIMIT 1;

-- name: stale_runs
-- Runs of which a message or the thread's name is behind their fold. Files never change, and older cards of a run stay as
-- they are (rolled over).
SELECT r.id FROM surfaces AS s JOIN folds AS f ON f.run = s.run JOIN runs AS r ON r.pk = s.run
WHERE s.shown_position < f.position AND (s.message IS NOT NULL OR s.kind = 'thread') AND s.kind <> 'file'
    AND NOT (s.kind = 'card' AND EXISTS (
        SELECT 1 FROM surfaces AS n
        WHERE n.run = s.run AND n.kind = 'card' AND CAST(n.ref AS INTEGER) > CAST(s.ref AS INTEGER)))
GROUP BY s.run ORDER BY f.position;

-- name: compared
-- All that a run shows in a channel says what was known up to a position; never backwards.
UPDATE surfaces SET shown_position = :position
WHERE run = (SELECT pk FROM runs WHERE id = :run) AND channel = :channel AND shown_position < :position;

-- name: put_surface
-- Where something of ours stands in Discord and what it shows.
INSERT INTO surfaces (run, kind, ref, channel, message, shown_hash, shown_position, posted_at, edited_at)
VALUES (:run, :kind, :ref, :channel, :message, :shown_hash, :shown_position, :posted_at, :edited_at)
ON CONFLICT (run, kind, ref) DO UPDATE SET channel = excluded.channel, message = excluded.message,
    shown_hash = excluded.shown_hash, shown_position = excluded.shown_position,
    posted_at = excluded.posted_at, edited_at = excluded.edited_at;

-- name: received_until
-- Discord's id of the newest message in a run's thread that was taken.
SELECT position FROM cursors WHERE name = 'received';

-- name: put_received
-- Keep it; never backwards.
INSERT INTO cursors (name, position) VALUES ('received', ?)
ON CONFLICT (name) DO UPDATE SET position = max(position, excluded.position);
