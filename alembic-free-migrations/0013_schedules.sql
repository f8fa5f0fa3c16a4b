-- What starts by the clock, each time at which it was due, and messages that belong to no run.
CREATE TABLE schedules (
    id TEXT PRIMARY KEY,
    guild TEXT NOT NULL,
    name TEXT NOT NULL,
    body TEXT NOT NULL CHECK (json_valid(body)),
    paused TEXT,
    next_at INTEGER,
    next_key TEXT NOT NULL,
    failures INTEGER NOT NULL DEFAULT 0,
    skipped INTEGER NOT NULL DEFAULT 0,
    last_run TEXT,
    UNIQUE (guild, name)
) STRICT, WITHOUT ROWID;

-- An occurrence outlives its schedule: a time that was done is never done again.
CREATE TABLE occurrences (
    schedule TEXT NOT NULL,
    key TEXT NOT NULL,
    due_at INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('claimed', 'started', 'skipped')),
    run TEXT NOT NULL,
    epoch INTEGER NOT NULL DEFAULT 0,
    lease_until INTEGER NOT NULL,
    not_before INTEGER NOT NULL DEFAULT 0,
    tries_until INTEGER NOT NULL,
    claimed_at INTEGER NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (schedule, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX occurrences_open ON occurrences (due_at) WHERE state = 'claimed';

CREATE TABLE announcements (
    key TEXT PRIMARY KEY,
    guild TEXT NOT NULL,
    channel TEXT NOT NULL,
    text TEXT NOT NULL,
    nonce TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    done_at INTEGER,
    message TEXT,
    error TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX announcements_waiting ON announcements (created_at) WHERE done_at IS NULL;
