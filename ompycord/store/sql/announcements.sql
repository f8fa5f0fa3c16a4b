-- Messages that belong to no run.

-- name: announce
-- Queue a message, once by its key.
INSERT INTO announcements (key, guild, channel, text, nonce, buttons, chart, created_at)
VALUES (:key, :guild, :channel, :text, :nonce, :buttons, :chart, :created_at) ON CONFLICT (key) DO NOTHING;

-- name: unsent
-- Those that wait, so many of each server: one that cannot be reached holds up no other.
SELECT key, guild, channel, text, nonce, buttons, chart, created_at, attempts FROM (
    SELECT *, row_number() OVER (PARTITION BY guild ORDER BY created_at, key) AS place
    FROM announcements WHERE done_at IS NULL
) WHERE place <= ? ORDER BY created_at, key;

-- name: sent
-- One was sent, or never will be.
UPDATE announcements SET done_at = :at, message = :message, error = :error WHERE key = :key AND done_at IS NULL;

-- name: tried
-- One could not be sent now.
UPDATE announcements SET attempts = attempts + 1, error = :error WHERE key = :key AND done_at IS NULL
RETURNING attempts;
