-- Events of runs that ended long ago lie in compressed files, known by their content; a run's part of one is found here.
CREATE TABLE archives (
    sha256 TEXT PRIMARY KEY,
    month TEXT NOT NULL,
    runs INTEGER NOT NULL,
    events INTEGER NOT NULL,
    size INTEGER NOT NULL,
    made_at INTEGER NOT NULL,
    is_kept INTEGER NOT NULL CHECK (is_kept IN (0, 1))
) STRICT, WITHOUT ROWID;
CREATE TABLE archived_runs (
    run INTEGER NOT NULL REFERENCES runs (pk),
    archive TEXT NOT NULL,
    start INTEGER NOT NULL,
    length INTEGER NOT NULL,
    last_position INTEGER NOT NULL,
    is_in_log INTEGER NOT NULL CHECK (is_in_log IN (0, 1)),
    PRIMARY KEY (run, archive)
) STRICT, WITHOUT ROWID;
CREATE INDEX archived_runs_in_log ON archived_runs (run) WHERE is_in_log = 1;
CREATE INDEX archived_runs_archive ON archived_runs (archive);
