-- What starts by the clock, and each time at which it was due.

-- name: schedules
-- Those of a server, or all, by name.
SELECT body, paused, next_at, next_key, failures, skipped, last_run
FROM schedules WHERE :guild IS NULL OR guild = :guild ORDER BY guild, name;

-- name: put_schedule
-- A schedule; one with its id is replaced, and the name of another one refuses it.
INSERT INTO schedules (id, guild, name, body, paused, next_at, next_key, failures, skipped, last_run)
SELECT :id, :guild, :name, :body, :paused, :next_at, :next_key, :failures, :skipped, :last_run
WHERE NOT EXISTS (SELECT 1 FROM schedules WHERE guild = :guild AND name = :name AND id <> :id)
ON CONFLICT (id) DO UPDATE SET guild = excluded.guild, name = excluded.name, body = excluded.body,
    paused = excluded.paused, next_at = excluded.next_at, next_key = excluded.next_key,
    failures = excluded.failures, skipped = excluded.skipped, last_run = excluded.last_run;

-- name: remove_schedule
-- Forget a schedule.
DELETE FROM schedules WHERE id = ?;

-- name: pause_schedule
-- Pause an active schedule.
UPDATE schedules SET paused = :why WHERE id = :id AND paused IS NULL;

-- name: move_schedule
-- Move a schedule on, if no one moved or paused it since it was read.
UPDATE schedules SET next_at = :next_at, next_key = :next_key, skipped = skipped + :skipped
WHERE id = :schedule AND next_key = :expect_key AND paused IS NULL;

-- name: busy
-- Whether an earlier occurrence of a schedule is worked on.
SELECT 1 FROM occurrences WHERE schedule = :schedule AND key <> :key AND state = 'claimed' AND lease_until > :now;

-- name: add_occurrence
-- A time that is due, once.
INSERT INTO occurrences (schedule, key, due_at, state, run, epoch, lease_until, not_before, tries_until, claimed_at, reason)
VALUES (:schedule, :key, :due_at, :state, :run, :epoch, :lease_until, :not_before, :tries_until, :claimed_at, :reason)
ON CONFLICT (schedule, key) DO NOTHING;

-- name: unfinished
-- Occurrences that no one works on any more, or that are to be tried again.
SELECT schedule, key, due_at, state, run, epoch, lease_until, not_before, tries_until, claimed_at, reason
FROM occurrences WHERE state = 'claimed' AND lease_until <= :now AND not_before <= :now
ORDER BY due_at LIMIT 200;

-- name: lease_occurrence
-- Take an occurrence under the next lease, if no one else did.
UPDATE occurrences SET epoch = epoch + 1, lease_until = :until
WHERE schedule = :schedule AND key = :key AND epoch = :epoch AND state = 'claimed' AND lease_until <= :now;

-- name: finish_occurrence
-- How an occurrence ended, or when it is tried again, from whoever holds its lease.
UPDATE occurrences SET state = :state, reason = :reason, not_before = :not_before,
    lease_until = CASE :state WHEN 'claimed' THEN 0 ELSE lease_until END
WHERE schedule = :schedule AND key = :key AND epoch = :epoch AND state = 'claimed';

-- name: count_started
-- A schedule has started a run.
UPDATE schedules SET failures = 0, last_run = :run WHERE id = :schedule;

-- name: count_skipped
-- A schedule has not.
UPDATE schedules SET skipped = skipped + 1, failures = CASE WHEN :is_failure THEN failures + 1 ELSE failures END
WHERE id = :schedule;

-- name: forget_occurrences
-- What is long past and done.
DELETE FROM occurrences WHERE state <> 'claimed' AND due_at < ?;
