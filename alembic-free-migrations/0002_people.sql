-- What people chose for themselves, the boards of channels, and whose a key is.

-- A person's own settings, by Discord id.
CREATE TABLE people (
    person     TEXT PRIMARY KEY,
    body       TEXT NOT NULL CHECK (json_valid(body)),
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The one message of a channel that lists all live runs.
CREATE TABLE boards (
    channel    TEXT PRIMARY KEY,
    message    TEXT NOT NULL,
    shown_hash TEXT,
    posted_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The person whose key it is, by Discord id: the only one whom its runs may call.
ALTER TABLE api_keys ADD COLUMN owner TEXT;
