-- The hash chain of what people did.

-- name: audit
-- The whole chain, in order.
SELECT n, at, actor, action, subject, detail, previous, hash FROM audit ORDER BY n;

-- name: audit_tail
-- The end of the chain.
SELECT n, hash FROM audit ORDER BY n DESC LIMIT 1;

-- name: add_audit
-- One more link.
INSERT INTO audit (n, at, actor, action, subject, detail, previous, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?);
