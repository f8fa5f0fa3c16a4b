-- What people asked for.

-- name: task
-- What a person asked for.
SELECT body FROM tasks WHERE id = ?;

-- name: add_task
-- A task is what it is: the same id again changes nothing (a retry is another run of it).
INSERT INTO tasks (id, body, created_at) VALUES (?, ?, ?) ON CONFLICT (id) DO NOTHING;
