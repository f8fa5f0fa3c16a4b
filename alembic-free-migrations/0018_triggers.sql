-- What starts runs because another system said so, and its brake.
CREATE TABLE trigger_states (
    trigger TEXT PRIMARY KEY,
    paused TEXT,
    resumed_at INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE TABLE trigger_fires (
    trigger TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    subject TEXT NOT NULL,
    prompt TEXT NOT NULL,
    run TEXT,
    started_at INTEGER NOT NULL DEFAULT 0,
    storm TEXT,
    last_at INTEGER NOT NULL,
    messages INTEGER NOT NULL,
    PRIMARY KEY (trigger, fingerprint)
) STRICT, WITHOUT ROWID;
CREATE INDEX trigger_fires_storm ON trigger_fires (storm) WHERE storm IS NOT NULL;
CREATE TABLE trigger_runs (
    run TEXT PRIMARY KEY,
    trigger TEXT NOT NULL,
    prompt TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('claimed', 'started', 'refused', 'dry')),
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX trigger_runs_at ON trigger_runs (trigger, at);
CREATE TABLE trigger_storms (
    id TEXT PRIMARY KEY,
    trigger TEXT NOT NULL,
    opened_at INTEGER NOT NULL,
    decided_by TEXT
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX trigger_storms_open ON trigger_storms (trigger) WHERE decided_by IS NULL;
ALTER TABLE announcements ADD COLUMN buttons TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(buttons));
