-- How far the log is committed, for the mark beside the database.

-- name: has_events
-- Whether there is a log yet: not in a database that was just made.
SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'events';

-- name: last_event
-- The position of the last event, 0 at first.
SELECT coalesce(max(position), 0) FROM events;
