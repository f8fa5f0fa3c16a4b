-- The hash chain of what people did. Texts are read as bytes: what was tampered with need not be text.

-- name: audit_last
-- The newest rows of a server: those about its runs, and those that name it. What names none is of the home server.
SELECT a.n, a.at, CAST(a.actor AS BLOB) AS actor, CAST(a.action AS BLOB) AS action,
    CAST(a.subject AS BLOB) AS subject, CAST(a.detail AS BLOB) AS detail, a.previous, a.hash
FROM audit AS a LEFT JOIN runs AS r ON r.id = a.subject
WHERE (:before IS NULL OR a.n < :before)
    AND (:actor IS NULL OR a.actor = :actor)
    AND (:subject IS NULL OR a.subject = :subject)
    AND CASE
        WHEN r.guild IS NOT NULL THEN r.guild = :guild
        WHEN json_valid(a.detail) AND json_extract(a.detail, '$.guild') IS NOT NULL
            THEN json_extract(a.detail, '$.guild') = :guild
        ELSE :is_home
    END
ORDER BY a.n DESC LIMIT :limit;

-- name: audit_tail
-- The end of the chain.
SELECT n, hash FROM audit ORDER BY n DESC LIMIT 1;

-- name: add_audit
-- One more link.
INSERT INTO audit (n, at, actor, action, subject, detail, previous, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?);
