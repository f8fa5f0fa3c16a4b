-- Pull requests, and which runs opened them.

-- name: pull_request
-- The record of one.
SELECT body FROM pull_requests WHERE repository = ? AND number = ?;

-- name: pull_requests_of
-- Those of a chain, the newest first.
SELECT body FROM pull_requests WHERE chain = ? ORDER BY number DESC;

-- name: pull_requests
-- Those of all repositories, the newest first; the open ones first.
SELECT body FROM pull_requests ORDER BY is_open DESC, repository, number DESC LIMIT ?;

-- name: involved
-- Who asked for runs of a chain or decided about them. What is remembered of them later is no part of the work.
SELECT d.by AS person, max(d.by_name) AS name FROM decisions d JOIN runs r ON r.pk = d.run
WHERE (r.id = :chain OR r.chain = :chain) AND d.kind <> 'lesson' AND d.by <> '' GROUP BY d.by
UNION ALL
SELECT DISTINCT r.requester AS person, '' AS name FROM runs r
WHERE (r.id = :chain OR r.chain = :chain) AND r.requester IS NOT NULL;

-- name: keep_pull_request
-- The same, in place of what was known.
INSERT INTO pull_requests (repository, number, chain, is_open, body)
VALUES (:repository, :number, :chain, :is_open, :body)
ON CONFLICT (repository, number) DO UPDATE SET chain = excluded.chain, is_open = excluded.is_open, body = excluded.body;

-- name: opened_after
-- What was opened since a position, with the run of each.
SELECT e.position, r.id AS run, r.chain, r.repository, json_extract(e.body, '$.number') AS number
FROM events e JOIN runs r ON r.pk = e.run
WHERE e.position > :after AND e.position <= :upto AND e.type = 'pull_request.opened' AND r.repository IS NOT NULL
ORDER BY e.position;

-- name: log_end
-- The last position of the log.
SELECT coalesce(max(position), 0) FROM events;

-- name: opened_cursor
-- How far the log was searched for opened pull requests.
SELECT position FROM cursors WHERE name = 'pull requests';

-- name: put_opened_cursor
-- The same, later.
INSERT INTO cursors (name, position) VALUES ('pull requests', ?)
ON CONFLICT (name) DO UPDATE SET position = max(position, excluded.position);
