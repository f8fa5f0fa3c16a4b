-- Messages and threads of runs in Discord, and what they show.

-- name: surfaces
-- All that stands in Discord of one run.
SELECT r.id AS run, s.kind, s.ref, s.channel, s.message, s.shown_hash, s.shown_position, s.posted_at, s.edited_at
FROM surfaces AS s JOIN runs AS r ON r.pk = s.run
WHERE r.id = ? ORDER BY s.kind, s.ref;

-- name: surface
-- One of them.
SELECT r.id AS run, s.kind, s.ref, s.channel, s.message, s.shown_hash, s.shown_position, s.posted_at, s.edited_at
FROM surfaces AS s JOIN runs AS r ON r.pk = s.run
WHERE r.id = ? AND s.kind = ? AND s.ref = ?;

-- name: run_of_surface
-- The run of a message, or of a thread: a channel stands for a run only where the run's thread is that channel.
SELECT r.*
FROM runs AS r
WHERE r.pk = (SELECT run FROM surfaces WHERE message = :id
              UNION SELECT run FROM surfaces WHERE channel = :id AND kind = 'thread' LIMIT 1);

-- name: stale_cards
-- Runs whose newest card is behind their fold. Older cards of a run stay as they are (rolled over).
SELECT r.id FROM surfaces AS s JOIN folds AS f ON f.run = s.run JOIN runs AS r ON r.pk = s.run
WHERE s.kind = 'card' GROUP BY s.run HAVING max(s.shown_position) < f.position ORDER BY f.position;

-- name: put_surface
-- Where something of ours stands in Discord and what it shows.
INSERT INTO surfaces (run, kind, ref, channel, message, shown_hash, shown_position, posted_at, edited_at)
VALUES (:run, :kind, :ref, :channel, :message, :shown_hash, :shown_position, :posted_at, :edited_at)
ON CONFLICT (run, kind, ref) DO UPDATE SET channel = excluded.channel, message = excluded.message,
    shown_hash = excluded.shown_hash, shown_position = excluded.shown_position,
    posted_at = excluded.posted_at, edited_at = excluded.edited_at;
