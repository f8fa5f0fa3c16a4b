-- The first schema. Plain SQL, forward only; each file runs in one transaction with its row in schema_migrations.
-- Times are INTEGER milliseconds since the epoch. Ids of ours are ULIDs. Discord ids are TEXT.

-- What a person asked for.
CREATE TABLE tasks (
    id         TEXT PRIMARY KEY,
    body       TEXT NOT NULL CHECK (json_valid(body)),
    created_at INTEGER NOT NULL
) STRICT;

-- One execution of a task, or an external agent's work. `pk` keeps the big table's rows and index small.
CREATE TABLE runs (
    pk            INTEGER PRIMARY KEY,
    id            TEXT NOT NULL UNIQUE,
    kind          TEXT NOT NULL CHECK (kind IN ('hosted', 'external')),
    task          TEXT REFERENCES tasks (id),
    key_id        TEXT,
    external_name TEXT,
    guild         TEXT,
    channel       TEXT,
    requester     TEXT,
    repository    TEXT,
    agent         TEXT,
    state         TEXT NOT NULL,
    machine       TEXT CHECK (machine IS NULL OR json_valid(machine)),
    version       INTEGER NOT NULL DEFAULT 0,
    lease_epoch   INTEGER NOT NULL DEFAULT 0,
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL,
    ended_at      INTEGER,
    UNIQUE (key_id, external_name)
) STRICT;
CREATE INDEX runs_open ON runs (created_at) WHERE ended_at IS NULL;
CREATE INDEX runs_requester ON runs (requester, created_at);

-- The one log. `position` is commit order, for cursors only; order within a run is (source, seq).
CREATE TABLE events (
    position INTEGER PRIMARY KEY,
    run      INTEGER NOT NULL REFERENCES runs (pk),
    source   TEXT NOT NULL,
    seq      INTEGER NOT NULL CHECK (seq >= 1),
    id       TEXT NOT NULL,
    at       INTEGER NOT NULL,
    type     TEXT NOT NULL,
    body     TEXT NOT NULL,
    hash     BLOB NOT NULL,
    UNIQUE (run, source, seq)
) STRICT;

-- How each lane numbers (by its sender, or by us) and where it ended.
CREATE TABLE lanes (
    run       INTEGER NOT NULL REFERENCES runs (pk),
    source    TEXT NOT NULL,
    numbering TEXT NOT NULL CHECK (numbering IN ('sender', 'server')),
    last_seq  INTEGER NOT NULL,
    final_seq INTEGER,
    PRIMARY KEY (run, source)
) STRICT, WITHOUT ROWID;

-- webhook-ids, unique per key; pruned after 8 days.
CREATE TABLE replays (
    key_id   TEXT NOT NULL,
    id       TEXT NOT NULL,
    hash     BLOB NOT NULL,
    run      INTEGER NOT NULL REFERENCES runs (pk),
    position INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    PRIMARY KEY (key_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX replays_age ON replays (at);

-- A cache of the fold: one row a run; another fold version is refolded.
CREATE TABLE folds (
    run          INTEGER PRIMARY KEY REFERENCES runs (pk),
    fold_version INTEGER NOT NULL,
    position     INTEGER NOT NULL,
    body         BLOB NOT NULL
) STRICT;

-- How far each reader of the log has come.
CREATE TABLE cursors (
    name     TEXT PRIMARY KEY,
    position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The journal of effects on the outside world: intent, do, done.
CREATE TABLE effects (
    run         INTEGER NOT NULL REFERENCES runs (pk),
    key         TEXT NOT NULL,
    body        TEXT NOT NULL CHECK (json_valid(body)),
    status      TEXT NOT NULL CHECK (status IN ('pending', 'started', 'done')),
    attempts    INTEGER NOT NULL DEFAULT 0,
    created_at  INTEGER NOT NULL,
    started_at  INTEGER,
    finished_at INTEGER,
    outcome     TEXT,
    PRIMARY KEY (run, key)
) STRICT;
CREATE INDEX effects_open ON effects (created_at) WHERE status <> 'done';

-- What must reach Discord. The integer id is the message's nonce.
CREATE TABLE outbox (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    run        INTEGER NOT NULL REFERENCES runs (pk),
    kind       TEXT NOT NULL,
    ref        TEXT NOT NULL,
    body       TEXT NOT NULL CHECK (json_valid(body)),
    status     TEXT NOT NULL CHECK (status IN ('pending', 'done', 'failed')),
    attempts   INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    done_at    INTEGER,
    error      TEXT,
    UNIQUE (run, kind, ref)
) STRICT;
CREATE INDEX outbox_pending ON outbox (id) WHERE status = 'pending';

-- Messages and threads of ours in Discord, and what they show.
CREATE TABLE surfaces (
    run            INTEGER NOT NULL REFERENCES runs (pk),
    kind           TEXT NOT NULL,
    ref            TEXT NOT NULL,
    channel        TEXT NOT NULL,
    message        TEXT,
    shown_hash     TEXT,
    shown_position INTEGER NOT NULL DEFAULT 0,
    posted_at      INTEGER NOT NULL,
    edited_at      INTEGER,
    PRIMARY KEY (run, kind, ref)
) STRICT;
CREATE INDEX surfaces_message ON surfaces (message);
CREATE INDEX surfaces_channel ON surfaces (channel);

-- What people typed, before it became a run.
CREATE TABLE drafts (
    id         TEXT PRIMARY KEY,
    person     TEXT NOT NULL,
    guild      TEXT NOT NULL,
    channel    TEXT NOT NULL,
    body       TEXT NOT NULL CHECK (json_valid(body)),
    created_at INTEGER NOT NULL,
    run        TEXT UNIQUE
) STRICT;
CREATE INDEX drafts_open ON drafts (person, created_at) WHERE run IS NULL;

-- What people decided; single use belongs to this row.
CREATE TABLE decisions (
    id      TEXT PRIMARY KEY,
    run     INTEGER NOT NULL REFERENCES runs (pk),
    kind    TEXT NOT NULL,
    ref     TEXT NOT NULL,
    action  TEXT NOT NULL,
    by      TEXT NOT NULL,
    by_name TEXT NOT NULL,
    at      INTEGER NOT NULL,
    UNIQUE (run, kind, ref)
) STRICT;

-- Sending keys. Bearer keys as SHA-256; HMAC secrets lie in the data folder, never here.
CREATE TABLE api_keys (
    id         TEXT PRIMARY KEY,
    name       TEXT NOT NULL,
    kind       TEXT NOT NULL CHECK (kind IN ('bearer', 'hmac')),
    sha256     TEXT,
    scopes     TEXT NOT NULL CHECK (json_valid(scopes)),
    run        INTEGER REFERENCES runs (pk),
    channel    TEXT,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER
) STRICT;

-- Every decision, hash-chained: hash = SHA-256(previous hash ‖ canonical JSON of the row).
CREATE TABLE audit (
    n        INTEGER PRIMARY KEY,
    at       INTEGER NOT NULL,
    actor    TEXT NOT NULL,
    action   TEXT NOT NULL,
    subject  TEXT NOT NULL,
    detail   TEXT NOT NULL CHECK (json_valid(detail)),
    previous BLOB NOT NULL,
    hash     BLOB NOT NULL
) STRICT;
