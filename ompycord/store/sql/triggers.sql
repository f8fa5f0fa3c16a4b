-- What starts runs because another system said so, and its brake.

-- name: trigger_state
-- Whether a trigger is paused.
SELECT paused, resumed_at FROM trigger_states WHERE trigger = ?;

-- name: trigger_counts
-- What came for a trigger, and what it started.
SELECT (SELECT coalesce(sum(messages), 0) FROM trigger_fires WHERE trigger = :trigger) AS messages,
       (SELECT count(*) FROM trigger_runs WHERE trigger = :trigger AND state = 'started') AS runs;

-- name: set_paused
-- Pause or resume a trigger.
INSERT INTO trigger_states (trigger, paused, resumed_at) VALUES (:trigger, :why, 0)
ON CONFLICT (trigger) DO UPDATE SET paused = excluded.paused,
    resumed_at = CASE WHEN excluded.paused IS NULL THEN :at ELSE resumed_at END
WHERE (paused IS NULL) <> (excluded.paused IS NULL);

-- name: fire
-- What came before about the same, and whether its run has not ended; one that is claimed has not begun.
SELECT f.started_at, f.run IS NOT NULL AND (t.state = 'claimed' OR (r.id IS NOT NULL AND r.ended_at IS NULL)) AS is_open
FROM trigger_fires AS f LEFT JOIN trigger_runs AS t ON t.run = f.run LEFT JOIN runs AS r ON r.id = f.run
WHERE f.trigger = :trigger AND f.fingerprint = :fingerprint;

-- name: lately
-- Runs that a trigger started in a span, and those that have not ended.
SELECT count(*) FROM trigger_runs AS t LEFT JOIN runs AS r ON r.id = t.run
WHERE t.trigger = :trigger AND t.state <> 'refused'
  AND (t.at > :since OR t.state = 'claimed' OR (r.id IS NOT NULL AND r.ended_at IS NULL));

-- name: note_fire
-- A message is counted; what it started or joined is kept where that is new.
INSERT INTO trigger_fires (trigger, fingerprint, subject, prompt, run, started_at, storm, last_at, messages)
VALUES (:trigger, :fingerprint, :subject, :prompt, :run, :started_at, :storm, :at, 1)
ON CONFLICT (trigger, fingerprint) DO UPDATE SET last_at = excluded.last_at, messages = messages + 1,
    subject = excluded.subject, prompt = excluded.prompt,
    run = coalesce(excluded.run, run), started_at = max(started_at, excluded.started_at),
    storm = coalesce(excluded.storm, storm);

-- name: add_trigger_run
-- A run that is to be started.
INSERT INTO trigger_runs (run, trigger, prompt, state, at) VALUES (:run, :trigger, :prompt, :state, :at);

-- name: open_storm
-- The open question of a trigger.
SELECT id FROM trigger_storms WHERE trigger = ? AND decided_by IS NULL;

-- name: add_storm
-- A question.
INSERT INTO trigger_storms (id, trigger, opened_at) VALUES (:storm, :trigger, :at);

-- name: storm
-- A question.
SELECT id, trigger, decided_by IS NULL AS is_open FROM trigger_storms WHERE id = ?;

-- name: storm_fires
-- What a question is about.
SELECT subject, prompt, messages FROM trigger_fires WHERE storm = ? ORDER BY last_at LIMIT 100;

-- name: close_storm
-- A person's word, once.
UPDATE trigger_storms SET decided_by = :by WHERE id = :storm AND decided_by IS NULL;

-- name: end_storm
-- What it was about counts as started by the run that follows.
UPDATE trigger_fires SET storm = NULL, run = coalesce(:run, run), started_at = :at WHERE storm = :storm;

-- name: claimed_runs
-- Runs that are to be started.
SELECT run, trigger, prompt, at FROM trigger_runs WHERE state = 'claimed' ORDER BY at LIMIT 100;

-- name: settle_run
-- One was started, or was refused.
UPDATE trigger_runs SET state = :state WHERE run = :run AND state = 'claimed';

-- name: started_since
-- Runs that a trigger started, the newest first.
SELECT run FROM trigger_runs WHERE trigger = :trigger AND state = 'started' AND at >= :at ORDER BY at DESC LIMIT 200;
