-- What still names attached files; their contents and marks are files of the folder `artifacts`.

-- name: over_long_ago
-- Of these runs (JSON) those that ended before then, with nothing of them under way and no run of their chain open.
SELECT r.id FROM json_each(:runs) AS n JOIN runs AS r ON r.id = n.value
WHERE r.ended_at < :before
  AND NOT EXISTS (SELECT 1 FROM outbox AS o WHERE o.run = r.pk AND o.status = 'pending')
  AND coalesce(r.chain, r.id) NOT IN (SELECT coalesce(c.chain, c.id) FROM runs AS c WHERE c.ended_at IS NULL);

-- name: named_by_tasks
-- Contents that came with the tasks of runs that are open, ended since then, or are of an open chain; and with young tasks.
SELECT DISTINCT json_extract(f.value, '$.sha256') AS sha256
FROM runs AS r JOIN tasks AS t ON t.id = r.task, json_each(t.body, '$.files') AS f
WHERE r.ended_at IS NULL OR r.ended_at >= :before
  OR coalesce(r.chain, r.id) IN (SELECT coalesce(c.chain, c.id) FROM runs AS c WHERE c.ended_at IS NULL)
UNION
SELECT json_extract(f.value, '$.sha256') FROM tasks AS t, json_each(t.body, '$.files') AS f
WHERE t.created_at >= :before;

-- name: drafts_of_files
-- What was typed and is no run yet, or became one since then.
SELECT body FROM drafts WHERE run IS NULL OR created_at >= :before;

-- name: tables_of_contents
-- Every table that names contents of its own: files with events of old runs, with rows of the audit, and what is to come.
SELECT m.name FROM sqlite_master AS m JOIN pragma_table_info(m.name) AS c
WHERE m.type = 'table' AND c.name = 'sha256' ORDER BY m.name;
