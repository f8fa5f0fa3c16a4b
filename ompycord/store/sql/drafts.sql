-- What people typed.

-- name: draft
-- One draft.
SELECT id, person, guild, channel, body, created_at, run FROM drafts WHERE id = ?;

-- name: draft_run
-- Whether a draft is there, and the run it became.
SELECT run FROM drafts WHERE id = ?;

-- name: draft_of_run
-- Whether another draft became this run.
SELECT id FROM drafts WHERE run = ?;

-- name: add_draft
-- A new draft.
INSERT INTO drafts (id, person, guild, channel, body, created_at, run)
VALUES (:id, :person, :guild, :channel, :body, :created_at, :run);

-- name: bind_draft
-- Bind a draft to its run, once.
UPDATE drafts SET run = ? WHERE id = ? AND run IS NULL;

-- name: save_draft
-- Keep what a person typed; typing again replaces the text and never the run.
INSERT INTO drafts (id, person, guild, channel, body, created_at, run)
VALUES (:id, :person, :guild, :channel, :body, :created_at, :run)
ON CONFLICT (id) DO UPDATE SET body = excluded.body;
