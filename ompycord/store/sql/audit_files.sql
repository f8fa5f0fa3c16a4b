-- Rows of the audit that moved into files.

-- name: last_before
-- The number up to which all rows are older than a moment; never the newest one.
SELECT min(coalesce((SELECT min(n) FROM audit WHERE at >= :before), (SELECT max(n) FROM audit)),
           coalesce((SELECT max(n) FROM audit), 0)) - 1 AS n;

-- name: rows_upto
-- How many rows there are up to a number.
SELECT count(*) AS rows FROM audit WHERE n <= ?;

-- name: begin_audit_file
-- A file that is about to be written: until it is kept, it is removed wherever it is found.
INSERT INTO audit_files (sha256, first, last, rows, until, size, made_at, is_kept)
VALUES (:sha256, :first, :last, :rows, :until, :size, :made_at, 0)
ON CONFLICT (sha256) DO NOTHING;

-- name: keep_audit_file
-- From now on it counts.
UPDATE audit_files SET is_kept = 1 WHERE sha256 = ?;

-- name: drop_audit_file
-- Another one is there instead: it is removed.
UPDATE audit_files SET is_kept = 0 WHERE sha256 = ?;

-- name: dropped_audit_files
-- Files that do not count.
SELECT sha256 FROM audit_files WHERE is_kept = 0;

-- name: audit_file_names
-- Every file, whether it counts or not.
SELECT sha256 FROM audit_files;

-- name: forget_audit_file
-- One that was removed.
DELETE FROM audit_files WHERE sha256 = ? AND is_kept = 0;

-- name: kept_audit_files
-- Files that count, in the order of their rows.
SELECT sha256, first, last, rows, until, size FROM audit_files WHERE is_kept = 1 ORDER BY first;

-- name: take_out_audit
-- Rows that are in a file.
DELETE FROM audit WHERE n <= ?;
