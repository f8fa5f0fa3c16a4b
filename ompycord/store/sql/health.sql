-- Whether the database can be written.

-- name: put_probe
-- A row for the sake of writing one: whether the database can be written.
INSERT INTO cursors (name, position) VALUES ('probe', 1) ON CONFLICT (name) DO UPDATE SET position = position + 1;
