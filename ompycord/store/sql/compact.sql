-- The file without what was deleted.

-- name: vacuum
-- Written again, without free pages.
VACUUM;

-- name: truncate
-- The log, moved into the file and emptied.
PRAGMA wal_checkpoint(TRUNCATE);
