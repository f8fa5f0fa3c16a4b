-- What is kept of one person: what is found of it, and how it is taken out.

-- name: names_of
-- The names under which a person was stored.
SELECT by_name AS name FROM decisions WHERE "by" = :person
UNION SELECT json_extract(detail, '$.by_name') FROM audit WHERE actor = :person
UNION SELECT json_extract(body, '$.origin.requester_name') FROM tasks
    WHERE json_extract(body, '$.origin.requester') = :person
UNION SELECT author_name FROM memory_items WHERE author = :person
UNION SELECT person_name FROM feedback WHERE person = :person;

-- name: runs_of_person
-- The runs that a person asked for: their keys.
SELECT pk, id, ended_at FROM runs WHERE requester = ?;

-- name: all_runs
-- The ids of all runs by their keys.
SELECT pk, id FROM runs;

-- name: roles_of_person
-- Whether admins gave a person a role at run time.
SELECT count(*) AS n FROM role_grants WHERE kind = 'user' AND subject = ?;

-- name: people_known
-- Every person who is named by id where people act.
SELECT requester AS person FROM runs WHERE requester IS NOT NULL
UNION SELECT "by" FROM decisions UNION SELECT actor FROM audit UNION SELECT person FROM people
UNION SELECT person FROM drafts UNION SELECT author FROM memory_items WHERE author IS NOT NULL
UNION SELECT person FROM feedback UNION SELECT person FROM transcription_requests;

-- name: drop_choices
-- What a person chose for themselves.
DELETE FROM people WHERE person = ?;

-- name: drop_drafts
-- What a person typed before it became a run.
DELETE FROM drafts WHERE person = ?;

-- name: drop_deliveries_of
-- What was sent to other systems about a person's runs.
DELETE FROM deliveries WHERE run IN (SELECT pk FROM runs WHERE requester = ?);

-- name: drop_feedback_of
-- What a person thought of results.
DELETE FROM feedback WHERE person = ?;

-- name: decisions_lose_words
-- The words of a person's decisions; what was decided stays.
UPDATE decisions SET action = CASE WHEN action LIKE 'Deny: %' THEN 'Deny' ELSE :words END
WHERE "by" = :person AND (kind IN ('say', 'edit', 'drop', 'typed', 'question', 'submit', 'cancel', 'plan')
    OR action LIKE 'Deny: %');

-- name: events_typed
-- The names of the answers that a person typed.
SELECT json_extract(body, '$.typed') AS typed FROM events
WHERE type = 'answer.typed' AND json_extract(body, '$.person') = ?;

-- name: edits_of_answers
-- Every change of a typed answer.
SELECT position, run, type, body FROM events WHERE type = 'answer.edited';

-- name: put_event_body
-- An event without a person; its hash is that of what stands there now.
UPDATE events SET body = ?, hash = ? WHERE position = ?;

-- name: put_audit_texts
-- A row of the audit without a person. Its hash stays, and a later row says what stands there now.
UPDATE audit SET actor = ?, subject = ?, detail = ? WHERE n = ?;

-- name: drop_fold
-- The cached fold of a run: it is folded again from the events.
DELETE FROM folds WHERE run = ?;

-- name: columns_of
-- The columns of a table; `pk` is their place in its primary key.
SELECT name, type, pk FROM pragma_table_info(?);

-- name: user_tables
-- Every table of ours.
SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name;
