-- The ledger of requests for vectors.

-- name: open_request
-- A request goes out.
INSERT INTO embedding_requests (id, guild, repository, at, provider, model, reserved_tokens, reserved_nano_usd)
VALUES (:id, :guild, :repository, :at, :provider, :model, :reserved_tokens, :reserved_nano_usd);

-- name: settle_request
-- What it used; once.
UPDATE embedding_requests
SET settled_at = :at, status = :status, tokens = :tokens, nano_usd = :nano_usd, exactness = :exactness
WHERE id = :id AND settled_at IS NULL;

-- name: settle_open_requests
-- Those that were under way when the process ended, by what was reserved.
UPDATE embedding_requests
SET settled_at = :at, tokens = reserved_tokens, nano_usd = reserved_nano_usd, exactness = 'estimated'
WHERE settled_at IS NULL;
