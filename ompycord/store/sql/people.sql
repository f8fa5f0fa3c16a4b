-- What people chose for themselves.

-- name: person
-- What a person chose.
SELECT body FROM people WHERE person = ?;

-- name: put_person
-- What a person chose, in place of what they chose before.
INSERT INTO people (person, body, updated_at) VALUES (?, ?, ?)
ON CONFLICT (person) DO UPDATE SET body = excluded.body, updated_at = excluded.updated_at;
