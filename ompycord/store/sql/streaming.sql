-- The log as a stream reads it.

-- name: page_of_all
-- A page of all runs: the log between two positions.
SELECT e.position, r.id AS run, e.source, e.seq, e.id, e.at,
    CAST(e.type AS BLOB) AS type, CAST(e.body AS BLOB) AS body, e.hash
FROM events AS e JOIN runs AS r ON r.pk = e.run
WHERE e.position > :after AND e.position <= :upto ORDER BY e.position LIMIT :limit;

-- name: count_of_all
-- How many events such a page could hold, at most so many: positions have no gaps.
SELECT min(:upto - :after, :limit);

-- name: page_of_run
-- A page of one run. The index on the run finds its events, however long the log is.
SELECT e.position, r.id AS run, e.source, e.seq, e.id, e.at,
    CAST(e.type AS BLOB) AS type, CAST(e.body AS BLOB) AS body, e.hash
FROM events AS e JOIN runs AS r ON r.pk = e.run
WHERE e.run = (SELECT pk FROM runs WHERE id = :run) AND +e.position > :after AND +e.position <= :upto
ORDER BY e.position LIMIT :limit;

-- name: count_of_run
-- How many events such a page could hold, at most so many.
SELECT count(*) FROM (
    SELECT 1 FROM events AS e
    WHERE e.run = (SELECT pk FROM runs WHERE id = :run) AND +e.position > :after AND +e.position <= :upto LIMIT :limit);

-- name: page_of_run_near
-- A page of one run near the end of the log, found by position.
SELECT e.position, r.id AS run, e.source, e.seq, e.id, e.at,
    CAST(e.type AS BLOB) AS type, CAST(e.body AS BLOB) AS body, e.hash
FROM events AS e JOIN runs AS r ON r.pk = e.run
WHERE e.position > :after AND e.position <= :upto AND +e.run = (SELECT pk FROM runs WHERE id = :run)
ORDER BY e.position LIMIT :limit;

-- name: count_of_run_near
-- How many events such a page could hold, at most so many.
SELECT count(*) FROM (
    SELECT 1 FROM events AS e
    WHERE e.position > :after AND e.position <= :upto AND +e.run = (SELECT pk FROM runs WHERE id = :run) LIMIT :limit);

-- name: open_runs
-- Runs that a stream of all runs begins with.
SELECT id FROM runs WHERE ended_at IS NULL ORDER BY pk DESC LIMIT :limit;
