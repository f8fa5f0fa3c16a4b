-- What people decided, once.

-- name: decision
-- What was decided.
SELECT d.id, r.id AS run, d.kind, d.ref, d.action, d.by, d.by_name, d.at
FROM decisions AS d JOIN runs AS r ON r.pk = d.run WHERE r.id = ? AND d.kind = ? AND d.ref = ?;

-- name: add_decision
-- A person's decision; the unique (run, kind, ref) makes it single.
INSERT INTO decisions (id, run, kind, ref, action, by, by_name, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?);
