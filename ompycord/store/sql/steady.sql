-- Time that never leaps, by which what is old is forgotten.

-- name: steady
-- Where it stopped; in a database without it, at the last webhook-id that was taken, else now.
SELECT coalesce((SELECT position FROM cursors WHERE name = 'steady'), (SELECT max(at) FROM webhook_ids), ?);

-- name: put_steady
-- Where it is; never backwards.
INSERT INTO cursors (name, position) VALUES ('steady', ?)
ON CONFLICT (name) DO UPDATE SET position = max(position, excluded.position);
