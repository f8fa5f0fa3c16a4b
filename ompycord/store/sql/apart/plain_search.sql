-- A search as SQLite gives it without any work of ours, for comparison: in memory, apart from every database.

-- name: create
-- The index with SQLite's own settings.
CREATE VIRTUAL TABLE plain USING fts5 (title, body);

-- name: put
-- A text.
INSERT INTO plain (rowid, title, body) VALUES (?, ?, ?);

-- name: find
-- The best ones.
SELECT rowid FROM plain WHERE plain MATCH ? ORDER BY rank LIMIT ?;
