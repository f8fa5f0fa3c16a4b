-- Budgets that runs share. What agents report that ask models themselves is a part of the ledger of spending, too.
CREATE TABLE reported_spending (
    id       INTEGER PRIMARY KEY,
    run      INTEGER NOT NULL REFERENCES runs (pk),
    at       INTEGER NOT NULL,
    tokens   INTEGER NOT NULL CHECK (tokens >= 0),
    nano_usd INTEGER NOT NULL CHECK (nano_usd >= 0)
) STRICT;
CREATE INDEX reported_spending_run ON reported_spending (run);
CREATE INDEX reported_spending_at ON reported_spending (at);
CREATE INDEX model_requests_at ON model_requests (at);

-- A limit that a person set for one period of an account.
CREATE TABLE budget_raises (
    guild    TEXT NOT NULL,
    scope    TEXT NOT NULL CHECK (scope IN ('person', 'repository', 'server')),
    name     TEXT NOT NULL,
    period   TEXT NOT NULL CHECK (period IN ('day', 'month')),
    start    INTEGER NOT NULL,
    nano_usd INTEGER,
    tokens   INTEGER,
    by       TEXT NOT NULL,
    by_name  TEXT NOT NULL,
    at       INTEGER NOT NULL,
    PRIMARY KEY (guild, scope, name, period, start)
) STRICT, WITHOUT ROWID;

-- Each warning is given once: a limit that is raised is another one.
CREATE TABLE budget_warnings (
    guild    TEXT NOT NULL,
    scope    TEXT NOT NULL,
    name     TEXT NOT NULL,
    period   TEXT NOT NULL,
    start    INTEGER NOT NULL,
    percent  INTEGER NOT NULL,
    "limit"  TEXT NOT NULL,
    at       INTEGER NOT NULL,
    PRIMARY KEY (guild, scope, name, period, start, percent, "limit")
) STRICT, WITHOUT ROWID;
