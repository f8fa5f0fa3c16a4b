-- What webhooks of forges brought: deliveries that were taken, and issues that call for a run.
CREATE TABLE hook_deliveries (
    hook TEXT NOT NULL,
    delivery TEXT NOT NULL,
    signature TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (hook, delivery)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX hook_deliveries_signature ON hook_deliveries (hook, signature);
CREATE INDEX hook_deliveries_at ON hook_deliveries (at);
CREATE TABLE issue_calls (
    run TEXT PRIMARY KEY,
    repository TEXT NOT NULL,
    number INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('label', 'assigned')),
    value TEXT NOT NULL,
    login TEXT NOT NULL,
    text_sha256 TEXT NOT NULL,
    moment TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('called', 'waiting', 'ready', 'started', 'refused', 'withdrawn')),
    body TEXT NOT NULL,
    why TEXT NOT NULL,
    by TEXT NOT NULL,
    by_name TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX issue_calls_issue ON issue_calls (repository, number);
CREATE INDEX issue_calls_unstarted ON issue_calls (at) WHERE state IN ('called', 'ready');
CREATE INDEX issue_calls_at ON issue_calls (at);
