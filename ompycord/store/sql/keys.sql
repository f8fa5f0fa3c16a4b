-- The keys of senders.

-- name: keys
-- Keys that may still open something.
SELECT k.id, k.name, k.kind, k.sha256, k.scopes, r.id AS run, k.channel, k.owner, k.created_at, k.expires_at,
       k.revoked_at
FROM api_keys AS k LEFT JOIN runs AS r ON r.pk = k.run
WHERE k.revoked_at IS NULL AND (k.run IS NULL OR k.expires_at IS NULL OR k.expires_at > :now)
ORDER BY k.created_at, k.id;

-- name: put_key
-- A key, or its new name, scopes, channel, owner, end; never another secret under the same id.
INSERT INTO api_keys (id, name, kind, sha256, scopes, run, channel, owner, created_at, expires_at, revoked_at)
VALUES (:id, :name, :kind, :sha256, :scopes, :run, :channel, :owner, :created_at, :expires_at, :revoked_at)
ON CONFLICT (id) DO UPDATE SET name = excluded.name, scopes = excluded.scopes, channel = excluded.channel,
                               owner = excluded.owner,
                               expires_at = excluded.expires_at, revoked_at = excluded.revoked_at;

-- name: expire_keys
-- A run's keys end soon; one that ends sooner still does.
UPDATE api_keys SET expires_at = min(coalesce(expires_at, :at), :at) WHERE run = :run;
