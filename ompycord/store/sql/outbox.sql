-- What must reach Discord.

-- name: outbox
-- Deliveries that wait, oldest first.
SELECT o.id, r.id AS run, o.kind, o.ref, o.body, o.status, o.attempts, o.created_at, o.done_at, o.error, o.nonce
FROM outbox AS o JOIN runs AS r ON r.pk = o.run WHERE o.status = 'pending' ORDER BY o.id LIMIT ?;

-- name: add_outbox
-- Something for Discord, once, under a nonce of 25 random characters that no other delivery has, in whichever database.
-- rows: 9 columns
WITH w (id, kind, ref, body, status, attempts, created_at, done_at, error) AS (VALUES {rows})
INSERT INTO outbox (run, kind, ref, body, status, attempts, created_at, done_at, error, nonce)
SELECT r.pk, w.kind, w.ref, w.body, w.status, w.attempts, w.created_at, w.done_at, w.error,
    substr(lower(hex(randomblob(13))), 1, 25)
FROM w CROSS JOIN runs AS r ON r.id = w.id WHERE true ON CONFLICT (run, kind, ref) DO NOTHING;

-- name: delivered
-- A delivery arrived.
UPDATE outbox SET status = 'done', attempts = attempts + 1, done_at = ?, error = NULL WHERE id = ?;

-- name: undelivered
-- One more try of a delivery failed; one that is done stays done.
UPDATE outbox SET status = CASE WHEN :final THEN 'failed' ELSE status END, attempts = attempts + 1, error = :error
WHERE id = :id AND status = 'pending';
