-- Which migrations a database has; run before and beside them, so it stands in no migration.

-- name: create_table
-- What was applied, and from which text.
CREATE TABLE IF NOT EXISTS schema_migrations (
    version INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at INTEGER NOT NULL,
    ms INTEGER NOT NULL
) STRICT;

-- name: tables
-- The tables that are there.
SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%';

-- name: applied
-- What was applied so far, in order.
SELECT version, name, checksum FROM schema_migrations ORDER BY version;

-- name: add
-- One more.
INSERT INTO schema_migrations (version, name, checksum, applied_at, ms) VALUES (?, ?, ?, ?, ?);

-- name: copy
-- A whole copy of the database in an empty file.
VACUUM INTO ?;
