-- What people decided about calls, by what was shown of them.

-- name: add_call_decision
-- It was decided.
INSERT INTO call_decisions (id, shown, guild, repository, channel, run, approval, title, risk, action, by, at, until, rules)
VALUES (:id, :shown, :guild, :repository, :channel, :run, :approval, :title, :risk, :action, :by, :at, :until, :rules);

-- name: decided_before
-- What was decided about exactly this call here.
SELECT c.id, c.shown, c.guild, c.repository, c.channel, r.id AS run, c.approval, c.title, c.risk, c.action, c.by, c.at,
       c.until, c.rules, c.revoked_at, c.revoked_by
FROM call_decisions AS c JOIN runs AS r ON r.pk = c.run
WHERE c.shown = :shown AND c.guild = :guild AND c.repository = :repository AND c.at < :before
ORDER BY c.at DESC, c.id DESC LIMIT :limit;

-- name: standing_for
-- The permissions for exactly this call in this channel.
SELECT c.id, c.shown, c.guild, c.repository, c.channel, r.id AS run, c.approval, c.title, c.risk, c.action, c.by, c.at,
       c.until, c.rules, c.revoked_at, c.revoked_by
FROM call_decisions AS c JOIN runs AS r ON r.pk = c.run
WHERE c.shown = :shown AND c.guild = :guild AND c.repository = :repository AND c.channel = :channel
  AND c.until > :now AND c.revoked_at IS NULL
ORDER BY c.at DESC, c.id DESC LIMIT 10;

-- name: standing
-- All permissions of a server that have not ended.
SELECT c.id, c.shown, c.guild, c.repository, c.channel, r.id AS run, c.approval, c.title, c.risk, c.action, c.by, c.at,
       c.until, c.rules, c.revoked_at, c.revoked_by
FROM call_decisions AS c JOIN runs AS r ON r.pk = c.run
WHERE c.guild = :guild AND c.until > :now AND c.revoked_at IS NULL
ORDER BY c.at DESC, c.id DESC LIMIT :limit;

-- name: revoke_standing
-- One ends now.
UPDATE call_decisions SET revoked_at = :at, revoked_by = :by
WHERE id = :id AND guild = :guild AND until > :at AND revoked_at IS NULL;
