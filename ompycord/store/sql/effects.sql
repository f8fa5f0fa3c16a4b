-- The journal of effects, and the leases under which their steps are done.

-- name: open_effects
-- Intents without their done row.
SELECT r.id AS run, f.key, f.body, f.status, f.attempts, f.created_at, f.started_at, f.finished_at, f.outcome
FROM effects AS f JOIN runs AS r ON r.pk = f.run WHERE f.status <> 'done' ORDER BY f.created_at, f.rowid;

-- name: add_effect
-- An intent. The same step of the same iteration again (halt after stop, then cancel) is the one that is there.
INSERT INTO effects (run, key, body, status, attempts, created_at, started_at, finished_at, outcome)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (run, key) DO NOTHING;

-- name: move_effect
-- A step forward in the journal; each start is an attempt. A done effect stays done.
UPDATE effects SET status = :status,
    attempts = attempts + (:status = 'started'),
    started_at = CASE :status WHEN 'started' THEN :at ELSE started_at END,
    finished_at = CASE :status WHEN 'done' THEN :at END,
    outcome = coalesce(:outcome, outcome)
WHERE run = :run AND key = :key AND status <> 'done';

-- name: effect_exists
-- Whether the journal knows a step at all.
SELECT 1 FROM effects WHERE run = ? AND key = ?;

-- name: next_lease
-- The next lease of a run: whatever an earlier start of one of its steps reports is refused from now on.
UPDATE runs SET lease_epoch = lease_epoch + 1 WHERE pk = ?;

-- name: lease
-- The lease that a run's step holds.
SELECT lease_epoch FROM runs WHERE pk = ?;
