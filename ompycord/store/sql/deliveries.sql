-- Deliveries to webhooks.

-- name: is_there
-- Whether a projection made it before.
SELECT 1 FROM deliveries WHERE id = ?;

-- name: next_number
-- The next number of a run's deliveries to a destination.
INSERT INTO delivery_numbers (destination, run, last_seq)
VALUES (:destination, coalesce((SELECT pk FROM runs WHERE id = :run), 0), 1)
ON CONFLICT (destination, run) DO UPDATE SET last_seq = last_seq + 1 RETURNING last_seq;

-- name: add
-- One more delivery.
INSERT INTO deliveries (id, destination, topic, run, seq, content, status, created_at, not_before, next_at)
VALUES (:id, :destination, :topic, (SELECT pk FROM runs WHERE id = :run), :seq, :content, 'pending', :created_at,
        :not_before, max(:not_before, :created_at));

-- name: heads
-- The first that waits of each run, by stepping from run to run in the index, however many wait behind them.
WITH RECURSIVE waiting (run) AS (
    SELECT min(run) FROM deliveries WHERE destination = :destination AND status = 'pending'
    UNION ALL
    SELECT (SELECT min(n.run) FROM deliveries AS n
            WHERE n.destination = :destination AND n.status = 'pending' AND n.run > waiting.run)
    FROM waiting WHERE waiting.run IS NOT NULL
), heads (id) AS (
    SELECT (SELECT h.id FROM deliveries AS h
            WHERE h.destination = :destination AND h.status = 'pending' AND h.run = waiting.run ORDER BY h.seq LIMIT 1)
    FROM waiting WHERE waiting.run IS NOT NULL
    UNION ALL
    SELECT * FROM (SELECT h.id FROM deliveries AS h
                   WHERE h.destination = :destination AND h.status = 'pending' AND h.run IS NULL ORDER BY h.seq LIMIT 1)
)
SELECT d.id, d.destination, d.topic, r.id AS run, d.seq, d.content, d.status, d.attempts, d.created_at, d.not_before, d.next_at,
d.done_at, d.last_error FROM deliveries AS d LEFT JOIN runs AS r ON r.pk = d.run WHERE d.id IN (SELECT id FROM heads) ORDER BY d.next_at, d.created_at, d.id LIMIT :limit;

-- name: find
-- Those that match, oldest first.
SELECT d.id, d.destination, d.topic, r.id AS run, d.seq, d.content, d.status, d.attempts, d.created_at, d.not_before, d.next_at,
d.done_at, d.last_error FROM deliveries AS d LEFT JOIN runs AS r ON r.pk = d.run
WHERE d.status IN (SELECT value FROM json_each(:statuses))
  AND (:ids IS NULL OR d.id IN (SELECT value FROM json_each(:ids)))
  AND (:destination IS NULL OR d.destination = :destination)
ORDER BY d.created_at, d.id LIMIT :limit;

-- name: delivered
-- It arrived.
UPDATE deliveries SET status = 'delivered', attempts = attempts + 1, done_at = ?, last_error = NULL
WHERE id = ? AND status = 'pending';

-- name: undelivered
-- One more try failed, or the last.
UPDATE deliveries SET attempts = attempts + 1, last_error = :error, next_at = coalesce(:next_at, next_at),
                      status = CASE WHEN :next_at IS NULL THEN 'dead' ELSE status END
WHERE id = :id AND status = 'pending';

-- name: prune
-- What arrived long ago.
DELETE FROM deliveries WHERE id IN (
    SELECT id FROM deliveries WHERE status = 'delivered' AND done_at < ? ORDER BY done_at LIMIT ?
);

-- name: retry
-- As if it were made now.
UPDATE deliveries SET status = 'pending', attempts = 0, not_before = :at, next_at = :at
WHERE id IN (SELECT value FROM json_each(:ids));

-- name: drop
-- Forgotten.
DELETE FROM deliveries WHERE id IN (SELECT value FROM json_each(:ids));

-- name: states
-- How far each destination has come: Discord by its outbox, webhooks by theirs.
SELECT :discord AS destination, (SELECT count(*) FROM outbox WHERE status = 'pending') AS pending,
       (SELECT count(*) FROM outbox WHERE status = 'failed') AS dead,
       (SELECT min(created_at) FROM outbox WHERE status = 'pending') AS oldest_at
UNION ALL
SELECT destination, sum(pending), sum(dead), min(oldest_at) FROM (
    SELECT destination, 1 AS pending, 0 AS dead, created_at AS oldest_at FROM deliveries WHERE status = 'pending'
    UNION ALL
    SELECT destination, 0, 1, NULL FROM deliveries WHERE status = 'dead'
) GROUP BY destination
ORDER BY destination;
