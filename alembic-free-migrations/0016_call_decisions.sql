-- What people decided about calls of agents, by what was shown of them; those with `until` permit the same for so long.
CREATE TABLE call_decisions (
    id         TEXT PRIMARY KEY,
    shown      TEXT NOT NULL,
    guild      TEXT NOT NULL,
    repository TEXT NOT NULL,
    channel    TEXT NOT NULL,
    run        INTEGER NOT NULL REFERENCES runs (pk),
    approval   TEXT NOT NULL,
    title      TEXT NOT NULL,
    risk       TEXT NOT NULL,
    action     TEXT NOT NULL CHECK (action IN ('once', 'run', 'day', 'deny')),
    by         TEXT NOT NULL CHECK (json_valid(by)),
    at         INTEGER NOT NULL,
    until      INTEGER,
    rules      TEXT,
    revoked_at INTEGER,
    revoked_by TEXT
) STRICT;
CREATE INDEX call_decisions_shown ON call_decisions (shown, at);
CREATE INDEX call_decisions_standing ON call_decisions (until) WHERE until IS NOT NULL;
