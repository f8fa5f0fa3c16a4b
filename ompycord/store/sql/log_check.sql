-- The log as it is stored, to find what is not what was stored.

-- name: stored_events
-- Events after a position, in the order of commits.
SELECT e.position, r.id AS run, e.source, e.seq, CAST(e.type AS BLOB) AS type, CAST(e.body AS BLOB) AS body, e.hash
FROM events AS e JOIN runs AS r ON r.pk = e.run
WHERE e.position > ? ORDER BY e.position LIMIT ?;
