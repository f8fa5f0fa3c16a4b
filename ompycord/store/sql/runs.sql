-- The rows of runs. Whoever reads one reads all of its columns: they are the fields of `RunRecord`, and `pk`.

-- name: run_pk
-- The row number of a run.
SELECT pk FROM runs WHERE id = ?;

-- name: run
-- One run.
SELECT r.*
FROM runs AS r
WHERE r.id = ?;

-- name: runs_by_id
-- Some runs; the parameter is a JSON array of their ids.
SELECT r.*
FROM runs AS r
WHERE r.id IN (SELECT value FROM json_each(?));

-- name: chain
-- The runs of a chain of follow-ups, the one with which it began too, newest first.
SELECT r.*
FROM runs AS r
WHERE r.chain = :first OR r.id = :first
ORDER BY r.pk DESC;

-- name: runs
-- Runs, newest first; a condition that is NULL does not count.
SELECT r.*
FROM runs AS r
WHERE (:states IS NULL OR r.state IN (SELECT value FROM json_each(:states)))
  AND (:is_open IS NULL OR (r.ended_at IS NULL) = :is_open)
  AND (:kind IS NULL OR r.kind = :kind)
  AND (:updated_before IS NULL OR r.updated_at < :updated_before)
  AND (:guild IS NULL OR r.guild = :guild)
  AND (:requester IS NULL OR r.requester = :requester)
  AND (:repository IS NULL OR r.repository = :repository)
  AND (:ending IS NULL OR substr(r.id, -length(:ending)) = upper(:ending))
ORDER BY r.pk DESC LIMIT :limit;

-- name: runs_open
-- The same of open runs: their index holds only them, however many have ended.
SELECT r.*
FROM runs AS r INDEXED BY runs_open
WHERE r.ended_at IS NULL
  AND (:states IS NULL OR r.state IN (SELECT value FROM json_each(:states)))
  AND (:is_open IS NULL OR (r.ended_at IS NULL) = :is_open)
  AND (:kind IS NULL OR r.kind = :kind)
  AND (:updated_before IS NULL OR r.updated_at < :updated_before)
  AND (:guild IS NULL OR r.guild = :guild)
  AND (:requester IS NULL OR r.requester = :requester)
  AND (:repository IS NULL OR r.repository = :repository)
  AND (:ending IS NULL OR substr(r.id, -length(:ending)) = upper(:ending))
ORDER BY r.pk DESC LIMIT :limit;

-- name: add_run
-- A new run's row.
INSERT INTO runs (id, kind, task, key_id, external_name, guild, channel, requester, repository, agent, chain, state,
                  machine, version, lease_epoch, created_at, updated_at, ended_at)
VALUES (:id, :kind, :task, :key_id, :external_name, :guild, :channel, :requester, :repository, :agent, :chain, :state,
        :machine, :version, :lease_epoch, :created_at, :updated_at, :ended_at);

-- name: move_run
-- Move a hosted run, if nobody moved it since it was read.
UPDATE runs SET state = :state, machine = :machine, version = version + 1, updated_at = :now,
                ended_at = CASE WHEN :is_final THEN coalesce(ended_at, :now) END
WHERE id = :id AND version = :version;

-- name: place_run
-- Where a run is shown that was shown nowhere.
UPDATE runs SET guild = :guild, channel = :channel WHERE id = :run AND guild IS NULL AND channel IS NULL;
