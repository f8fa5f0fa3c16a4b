-- Rows of the hash chain, some at a time. Texts are read as bytes, as in `audit.sql`.

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
