-- Copies of the whole database: made while others write, looked at, and made fit to go on from.

-- name: copy
-- One moment of the database in an empty file.
VACUUM INTO ?;

-- name: version
-- How far its schema is.
SELECT coalesce(max(version), 0) FROM schema_migrations;

-- name: counts
-- What it holds: its last event, what waits to be sent, and rows.
SELECT
    (SELECT coalesce(max(position), 0) FROM events) AS last_event,
    (SELECT count(*) FROM outbox WHERE status = 'pending')
        + (SELECT count(*) FROM deliveries WHERE status = 'pending') AS unsent,
    (SELECT count(*) FROM runs) AS runs,
    (SELECT count(*) FROM events) AS events,
    (SELECT count(*) FROM tasks) AS tasks,
    (SELECT count(*) FROM decisions) AS decisions,
    (SELECT count(*) FROM api_keys) AS api_keys,
    (SELECT count(*) FROM people) AS people,
    (SELECT count(*) FROM audit) AS audit,
    (SELECT count(*) FROM model_requests) AS model_requests;

-- name: drop_messages
-- None of the messages that waited is sent.
UPDATE outbox SET status = 'failed', error = ? WHERE status = 'pending';

-- name: drop_deliveries
-- None of the deliveries that waited is sent; they are listed as given up.
UPDATE deliveries SET status = 'dead', last_error = ? WHERE status = 'pending';

-- name: new_nonces
-- What waited may have been sent since under the nonce that it had.
UPDATE outbox SET nonce = substr(lower(hex(randomblob(13))), 1, 25) WHERE status = 'pending';

-- name: skip_numbers
-- Numbers that were given after the copy was made are not given again.
UPDATE sqlite_sequence SET seq = seq + ?;

-- name: from_now
-- What was due before the copy is put back is past: what comes next is found from then on.
UPDATE schedules SET next_key = '' WHERE next_at IS NOT NULL;

-- name: drop_occurrences
-- What had been begun is not begun again.
UPDATE occurrences SET state = 'skipped', reason = 'A backup was restored.' WHERE state = 'claimed';

-- name: drop_announcements
-- None of the messages of no run that waited is sent; they spoke of what was then.
UPDATE announcements SET done_at = created_at, error = 'It waited in a backup that was restored.' WHERE done_at IS NULL;
