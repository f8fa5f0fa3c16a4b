-- Files that a database names, read without opening the store on it.

-- name: has_table
-- Whether the database is of a version that has such a table of files.
SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?;
