-- What shown buttons and forms mean.

-- name: component_state
-- What one means, unless it has expired.
SELECT id, body, created_at, expires_at FROM component_states WHERE id = :id AND expires_at > :now;

-- name: add_component_state
-- What one that is shown now means.
INSERT INTO component_states (id, body, created_at, expires_at)
VALUES (:id, :body, :created_at, :expires_at);

-- name: prune_component_states
-- Those that mean nothing any more.
DELETE FROM component_states WHERE expires_at <= ?;
