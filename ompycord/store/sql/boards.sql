-- The boards of channels.

-- name: boards
-- Boards, by channel.
SELECT channel, message, shown_hash, posted_at FROM boards ORDER BY channel;

-- name: put_board
-- A channel's board and what it shows.
INSERT INTO boards (channel, message, shown_hash, posted_at) VALUES (:channel, :message, :shown_hash, :posted_at)
ON CONFLICT (channel) DO UPDATE SET message = excluded.message, shown_hash = excluded.shown_hash,
    posted_at = excluded.posted_at;

-- name: drop_board
-- A channel's board is gone.
DELETE FROM boards WHERE channel = ?;
