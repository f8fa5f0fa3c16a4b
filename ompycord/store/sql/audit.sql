-- The hash chain of what people did. Texts are read as bytes: what was tampered with need not be text.

-- name: audit
-- The whole chain, in order.
SELECT n, at, CAST(actor AS BLOB) AS actor, CAST(action AS BLOB) AS action, CAST(subject AS BLOB) AS subject,
    CAST(detail AS BLOB) AS detail, previous, hash
FROM audit ORDER BY n;

-- name: audit_page
-- Some of its rows, in order.
SELECT n, at, CAST(actor AS BLOB) AS actor, CAST(action AS BLOB) AS action, CAST(subject AS BLOB) AS subject,
    CAST(detail AS BLOB) AS detail, previous, hash
FROM audit WHERE n > ? ORDER BY n LIMIT ?;

-- name: audit_of
-- The rows about one run or another subject, in order.
SELECT n, at, CAST(actor AS BLOB) AS actor, CAST(action AS BLOB) AS action, CAST(subject AS BLOB) AS subject,
    CAST(detail AS BLOB) AS detail, previous, hash
FROM audit WHERE subject = ? ORDER BY n;

-- name: audit_tail
-- The end of the chain.
SELECT n, hash FROM audit ORDER BY n DESC LIMIT 1;

-- name: add_audit
-- One more link.
INSERT INTO audit (n, at, actor, action, subject, detail, previous, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?);
