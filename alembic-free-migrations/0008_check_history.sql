-- How checks ended on bases, by tree and definition of the check; and tests that passed only when they were run again.
CREATE TABLE baselines (
    key  TEXT PRIMARY KEY,
    body TEXT NOT NULL CHECK (json_valid(body)),
    at   INTEGER NOT NULL
) STRICT;
CREATE INDEX baselines_at ON baselines (at);
CREATE TABLE unstable_tests (
    repository TEXT NOT NULL,
    check_name TEXT NOT NULL,
    test       TEXT NOT NULL,
    run        TEXT NOT NULL,
    at         INTEGER NOT NULL,
    PRIMARY KEY (repository, check_name, test, run)
) STRICT, WITHOUT ROWID;
