-- What webhooks of forges brought: deliveries that were taken, and issues that call for a run.

-- name: seen_delivery
-- Whether the same came before, by its id or by its bytes.
SELECT 1 FROM hook_deliveries
WHERE hook = :hook AND (delivery = :delivery OR signature = :signature);

-- name: note_delivery
-- One was taken.
INSERT INTO hook_deliveries (hook, delivery, signature, at) VALUES (:hook, :delivery, :signature, :at);

-- name: forget_deliveries
-- Those that are too old to come again.
DELETE FROM hook_deliveries WHERE at < ?;

-- name: call_is_open
-- Whether the run of the same issue is to come, or has not ended; or the same person asked for it already.
SELECT 1 FROM issue_calls AS c LEFT JOIN runs AS r ON r.id = c.run
WHERE c.repository = :repository AND c.number = :number AND c.run <> :run
  AND (c.state IN ('waiting', 'ready')
       OR (c.state = 'called' AND c.login = :login)
       OR (c.state = 'started' AND (r.id IS NULL OR r.ended_at IS NULL)));

-- name: issue_has_run
-- Whether another call of the same issue is ready, waits, or has a run that has not ended.
SELECT 1 FROM issue_calls AS c LEFT JOIN runs AS r ON r.id = c.run
WHERE c.repository = :repository AND c.number = :number AND c.run <> :run
  AND (c.state IN ('waiting', 'ready') OR (c.state = 'started' AND (r.id IS NULL OR r.ended_at IS NULL)));

-- name: add_call
-- An issue calls for a run.
INSERT INTO issue_calls (run, repository, number, kind, value, login, text_sha256, moment, state, body, why, by, by_name, at)
VALUES (:run, :repository, :number, :kind, :value, :login, :text_sha256, :moment, :state, :body, :why, :by, :by_name, :at);

-- name: withdraw_calls
-- What a label or an assignment asked for is asked for no more.
UPDATE issue_calls SET state = 'withdrawn', body = ''
WHERE repository = :repository AND number = :number AND kind = :kind AND value = :value
  AND state IN ('called', 'waiting', 'ready')
RETURNING *;

-- name: unstarted_calls
-- Those that are to be read or started.
SELECT * FROM issue_calls WHERE state IN ('called', 'ready') ORDER BY at, run LIMIT 500;

-- name: issue_call
-- One.
SELECT * FROM issue_calls WHERE run = ?;

-- name: ready_lately
-- How many became ready or started in a span without a person's word.
SELECT count(*) FROM issue_calls
WHERE repository = :repository AND run <> :run AND at > :since AND by = '' AND state IN ('ready', 'started');

-- name: prepare_call
-- What was read of one is kept, once.
UPDATE issue_calls SET state = :state, body = :body, why = :why WHERE run = :run AND state = 'called';

-- name: confirm_call
-- A person's word, once.
UPDATE issue_calls SET state = 'ready', by = :by, by_name = :by_name WHERE run = :run AND state = 'waiting';

-- name: settle_call
-- Its run was started, or refused: the text is in its task, or nowhere.
UPDATE issue_calls SET state = :state, body = '' WHERE run = :run AND state IN ('called', 'ready');

-- name: forget_calls
-- Those that are over, and those that waited too long.
DELETE FROM issue_calls WHERE at < ? RETURNING *;
