-- Rows of the audit that moved into files, known by their content. One that is not kept is to be removed.
CREATE TABLE audit_files (
    sha256 TEXT PRIMARY KEY,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    rows INTEGER NOT NULL,
    until INTEGER NOT NULL,
    size INTEGER NOT NULL,
    made_at INTEGER NOT NULL,
    is_kept INTEGER NOT NULL CHECK (is_kept IN (0, 1))
) STRICT, WITHOUT ROWID;
