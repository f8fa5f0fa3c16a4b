-- The ledger of requests that make text of recordings.

-- name: open_request
-- A request goes out.
INSERT INTO transcription_requests (id, guild, person, at, provider, model, audio_ms, reserved_nano_usd)
VALUES (:id, :guild, :person, :at, :provider, :model, :audio_ms, :reserved_nano_usd);

-- name: settle_request
-- What it cost; once.
UPDATE transcription_requests
SET settled_at = :at, status = :status, nano_usd = :nano_usd, exactness = :exactness
WHERE id = :id AND settled_at IS NULL;

-- name: settle_open_requests
-- Those that were under way when the process ended, by what was reserved.
UPDATE transcription_requests
SET settled_at = :at, nano_usd = reserved_nano_usd, exactness = 'estimated'
WHERE settled_at IS NULL;
