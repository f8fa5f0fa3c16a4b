-- Messages that belong to no run.

-- name: announce
-- Queue a message, once by its key.
INSERT INTO announcements (key, guild, channel, text, nonce, buttons, chart, created_at)
VALUES (:key, :guild, :channel, :text, :nonce, :buttons, :chart, :created_at) ON CONFLICT (key) DO NOTHING;

-- name: unsent
-- Those that wait, so many of each server: one that cannot be reached holds up no other.
SELECT key, guild, channel, text, nonce, buttons, chart, created_at, attempts, outcome FROM (
    SELECT *, row_number() OVER (PARTITION BY guild ORDER BY created_at, key) AS place
    FROM announcements WHERE done_at IS NULL
) WHERE place <= ? ORDER BY created_at, key;

-- name: sent
-- One was sent, or never will be.
UPDATE announcements SET done_at = :at, message = :message, error = :error WHERE key = :key AND done_at IS NULL;

-- name: tried
-- One could not be sent now.
UPDATE announcements SET attempts = attempts + 1, error = :error
WHERE key = :key AND (done_at IS NULL OR (outcome IS NOT NULL AND outcome_done_at IS NULL))
RETURNING attempts;

-- name: decide
-- The question of a message is decided, or decided otherwise: it is edited, where it was sent.
UPDATE announcements SET outcome = :outcome, outcome_done_at = NULL, attempts = 0 WHERE key = :key AND buttons <> '[]';

-- name: outdated
-- Those that were sent and still ask, so many of each server.
SELECT key, guild, channel, text, nonce, buttons, chart, created_at, attempts, message, outcome FROM (
    SELECT *, row_number() OVER (PARTITION BY guild ORDER BY created_at, key) AS place
    FROM announcements WHERE outcome IS NOT NULL AND outcome_done_at IS NULL AND message <> ''
) WHERE place <= ? ORDER BY created_at, key;

-- name: corrected
-- One says what was decided, or never will.
UPDATE announcements SET outcome_done_at = :at, error = :error
WHERE key = :key AND outcome = :outcome AND outcome_done_at IS NULL;
