-- A person, taken out of the memory and of the feedback.

-- name: erase_counts
-- The counters of what a person wrote.
DELETE FROM memory_counts WHERE item IN (SELECT pk FROM memory_items WHERE author = ?);

-- name: erase_items
-- What a person wrote.
DELETE FROM memory_items WHERE author = ?;

-- name: naming
-- Items of others that name a person, by mention or by name.
SELECT id, kind, title, body, paths FROM memory_items
WHERE instr(title || ' ' || body, :mention) OR instr(title || ' ' || body, :nickname)
    OR (:name <> '' AND instr(lower(title || ' ' || body), lower(:name)));

-- name: set_words
-- An item with other words, unless they are there already in the same place.
UPDATE OR IGNORE memory_items SET title = :title, body = :body, terms = :terms, sha = :sha WHERE id = :id;

-- name: erase_repeated
-- An item that now repeats another.
DELETE FROM memory_items WHERE id = ?;

-- name: erase_verdicts
-- What a person thought.
DELETE FROM feedback WHERE person = ?;

-- name: erase_history
-- The same, of all times.
DELETE FROM feedback_history WHERE person = ?;

-- name: index_again
-- The whole index of words, since a deletion leaves some in it.
INSERT INTO memory_index (memory_index) VALUES ('rebuild');
