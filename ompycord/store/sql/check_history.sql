-- How checks ended on bases, and tests that passed only when they were run again.

-- name: baseline
-- How a check ended on a base.
SELECT body FROM baselines WHERE key = ?;

-- name: put_baseline
-- The same, in place of what was known.
INSERT INTO baselines (key, body, at) VALUES (?, ?, ?)
ON CONFLICT (key) DO UPDATE SET body = excluded.body, at = excluded.at;

-- name: prune_baselines
-- All but the newest.
DELETE FROM baselines WHERE key IN (SELECT key FROM baselines ORDER BY at DESC, key LIMIT -1 OFFSET ?);

-- name: unstable
-- In how many runs each of these tests was unstable.
SELECT test, count(*) AS runs FROM unstable_tests
WHERE repository = :repository AND check_name = :check AND test IN (SELECT value FROM json_each(:tests))
GROUP BY test;

-- name: put_unstable
-- A test was unstable in a run.
INSERT INTO unstable_tests (repository, check_name, test, run, at) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING;
