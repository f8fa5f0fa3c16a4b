-- Facts of one run's log: how its sources number them, and what the log tells.

-- name: source_state
-- How a source is numbered and where it ended.
SELECT numbering, last_seq, final_seq FROM source_states WHERE run = ? AND source = ?;

-- name: event_by_seq
-- An event by its number, to tell a repetition from a conflict.
SELECT position, hash FROM events WHERE run = ? AND source = ? AND seq = ?;

-- name: add_event
-- One fact.
INSERT INTO events (run, source, seq, id, at, type, body, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING position;

-- name: put_source_state
-- Keep the highest number of a source of ours; those have no end.
INSERT INTO source_states (run, source, numbering, last_seq) VALUES (:run, :source, :numbering, :seq)
ON CONFLICT (run, source) DO UPDATE SET last_seq = max(last_seq, excluded.last_seq);

-- name: events_of
-- One run's log, up to a position. UNIQUE (run, source, seq) finds it; the sort is over one run only.
SELECT e.position, r.id AS run, e.source, e.seq, e.id, e.at,
    CAST(e.type AS BLOB) AS type, CAST(e.body AS BLOB) AS body, e.hash
FROM events AS e JOIN runs AS r ON r.pk = e.run
WHERE r.id = ? AND e.position <= ? ORDER BY e.position;

-- name: transcript
-- What a run's agents and people said to each other. The index on the run finds its events, however long the log is.
SELECT e.position, r.id AS run, e.source, e.seq, e.id, e.at,
    CAST(e.type AS BLOB) AS type, CAST(e.body AS BLOB) AS body, e.hash
FROM events AS e JOIN runs AS r ON r.pk = e.run
WHERE e.run = (SELECT pk FROM runs WHERE id = :run) AND +e.position > :after
  AND e.type IN (SELECT value FROM json_each(:types))
ORDER BY e.position;

-- name: session
-- The last session that a run's agent opened since its clone was made, with which an earlier one went, and since it
-- was started again because it went in circles.
SELECT json_extract(e.body, '$.session') AS session FROM events AS e JOIN runs AS r ON r.pk = e.run
WHERE r.id = :run AND e.source = 'agent' AND e.type = 'session.opened' AND e.position > coalesce((
    SELECT max(p.position) FROM events AS p
    WHERE p.run = e.run AND p.source = 'ompycord' AND p.type = 'effect.finished'
      AND (json_extract(p.body, '$.key') GLOB :prepared OR json_extract(p.body, '$.key') GLOB :put_back)), 0)
  AND e.position > coalesce((
    SELECT max(g.position) FROM events AS g
    WHERE g.run = e.run AND g.source = 'ompycord' AND g.type = 'guardian.noticed'
      AND json_extract(g.body, '$.level') = 'escalate'), 0)
ORDER BY e.position DESC LIMIT 1;

-- name: models_of
-- The models that an agent offered last. Its newest runs are enough: a list that is older than that is not to be relied on.
SELECT json_extract(e.body, '$.models') AS models
FROM (SELECT pk FROM runs WHERE agent = ? ORDER BY pk DESC LIMIT 20) AS r JOIN events AS e ON e.run = r.pk
WHERE e.source = 'agent' AND e.type = 'session.opened' AND json_array_length(e.body, '$.models') > 0
ORDER BY e.position DESC LIMIT 1;

-- name: prepared
-- What was told of the last clone that a run got.
SELECT json_extract(e.body, '$.facts') AS facts FROM events AS e JOIN runs AS r ON r.pk = e.run
WHERE r.id = :run AND e.source = 'ompycord' AND e.type = 'effect.finished'
  AND json_extract(e.body, '$.key') GLOB :prepared AND json_extract(e.body, '$.outcome') = 'ok'
ORDER BY e.position DESC LIMIT 1;

-- name: claim
-- What a run's agent has reported last of its end since it was started last.
SELECT e.position, r.id AS run, e.source, e.seq, e.id, e.at,
    CAST(e.type AS BLOB) AS type, CAST(e.body AS BLOB) AS body, e.hash
FROM events AS e JOIN runs AS r ON r.pk = e.run
WHERE r.id = :run AND e.source <> 'ompycord' AND e.type IN ('run.finished', 'run.failed') AND e.position > coalesce((
    SELECT max(s.position) FROM events AS s
    WHERE s.run = e.run AND s.source = 'agent' AND s.type = 'run.started'), 0)
ORDER BY e.position DESC LIMIT 1;

-- name: session_usd
-- What the agents of a run's chain have reported that a session cost.
SELECT coalesce(sum(json_extract(e.body, '$.cost_usd')), 0.0) AS usd FROM events AS e
WHERE e.run IN (
    SELECT c.pk FROM runs AS r JOIN runs AS c ON c.id = coalesce(r.chain, r.id) OR c.chain = coalesce(r.chain, r.id)
    WHERE r.id = :run)
  AND e.source = 'agent' AND e.type = 'usage.updated' AND e.position > (
    SELECT min(o.position) FROM events AS o
    WHERE o.run IN (
        SELECT c.pk FROM runs AS r JOIN runs AS c ON c.id = coalesce(r.chain, r.id) OR c.chain = coalesce(r.chain, r.id)
        WHERE r.id = :run)
      AND o.source = 'agent' AND o.type = 'session.opened' AND json_extract(o.body, '$.session') = :session);
