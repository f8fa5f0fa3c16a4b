-- What shown buttons and forms mean, which stood among the drafts until now.

-- The id stands in the component. `body` is a meaning of a known kind; an expired row means nothing and is pruned.
CREATE TABLE component_states (
    id         TEXT PRIMARY KEY,
    body       TEXT NOT NULL CHECK (json_valid(body)),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX component_states_age ON component_states (expires_at);

-- A confirmation counts for a quarter of an hour, a form for a day: as they did, and as they do.
INSERT INTO component_states (id, body, created_at, expires_at)
SELECT id,
    json_object('kind', 'cancel', 'run', json_extract(body, '$.cancel'), 'reason', json_extract(body, '$.reason')),
    created_at, created_at + 900000
FROM drafts WHERE run IS NULL AND json_type(body, '$.prompt') IS NULL AND json_type(body, '$.cancel') = 'text';

INSERT INTO component_states (id, body, created_at, expires_at)
SELECT id,
    json_object('kind', 'edit', 'run', json_extract(body, '$.run'), 'message', json_extract(body, '$.edit')),
    created_at, created_at + 86400000
FROM drafts
WHERE run IS NULL AND json_type(body, '$.prompt') IS NULL AND json_type(body, '$.edit') = 'text'
    AND json_type(body, '$.run') = 'text';

DELETE FROM drafts WHERE id IN (SELECT id FROM component_states);
