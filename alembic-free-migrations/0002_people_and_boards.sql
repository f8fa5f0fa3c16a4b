-- What people chose for themselves, and the boards of channels.

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
