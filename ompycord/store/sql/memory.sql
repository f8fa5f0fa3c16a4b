-- What a team remembers: items, their counters, the index of their words.

-- name: add
-- An item, unless its words are there already in the same place.
INSERT INTO memory_items (
    id, guild, repository, channel, kind, title, body, terms, paths, origin, source_run, source_message, author,
    author_name, status, created_at, expires_at, supersedes, sha
) VALUES (
    :id, :guild, :repository, :channel, :kind, :title, :body, :terms, :paths, :origin, :source_run, :source_message,
    :author, :author_name, :status, :created_at, :expires_at, :supersedes, :sha
) ON CONFLICT (guild, ifnull(repository, ''), ifnull(channel, ''), sha) DO NOTHING;

-- name: same
-- The item with these words in this place.
SELECT item.*, 0 AS helpful, 0 AS harmful, 0 AS injected, NULL AS last_used, 0.0 AS score FROM memory_items AS item
WHERE guild = :guild AND ifnull(repository, '') = ifnull(:repository, '')
    AND ifnull(channel, '') = ifnull(:channel, '') AND sha = :sha;

-- name: items
-- Items and their counters, newest first; NULL matches all.
SELECT item.*, ifnull(count.helpful, 0) AS helpful, ifnull(count.harmful, 0) AS harmful,
    ifnull(count.injected, 0) AS injected, count.last_used, 0.0 AS score
FROM memory_items AS item LEFT JOIN memory_counts AS count ON count.item = item.pk
WHERE (:guild IS NULL OR (item.guild = :guild
        AND (item.repository IS NULL OR item.repository = :repository)
        AND (item.channel IS NULL OR item.channel = :channel)))
    AND item.kind IN (SELECT value FROM json_each(:kinds)) AND item.status IN (SELECT value FROM json_each(:statuses))
    AND (:source_run IS NULL OR item.source_run = :source_run)
    AND (:ending IS NULL OR substr(item.id, -length(:ending)) = :ending)
ORDER BY item.created_at DESC, item.pk DESC LIMIT :limit;

-- name: by_id
-- Items by their ids.
SELECT item.*, ifnull(count.helpful, 0) AS helpful, ifnull(count.harmful, 0) AS harmful,
    ifnull(count.injected, 0) AS injected, count.last_used, 0.0 AS score
FROM memory_items AS item LEFT JOIN memory_counts AS count ON count.item = item.pk
WHERE item.id IN (SELECT value FROM json_each(:ids));

-- name: search
-- Active items that are seen in a place and have these terms, the best first.
SELECT item.*, ifnull(count.helpful, 0) AS helpful, ifnull(count.harmful, 0) AS harmful,
    ifnull(count.injected, 0) AS injected, count.last_used, memory_index.rank AS score
FROM memory_index
CROSS JOIN memory_items AS item ON item.pk = memory_index.rowid
LEFT JOIN memory_counts AS count ON count.item = item.pk
WHERE memory_index MATCH :match AND item.guild = :guild
    AND (item.repository IS NULL OR item.repository = :repository)
    AND (item.channel IS NULL OR item.channel = :channel)
    AND item.status = 'active' AND (item.expires_at IS NULL OR item.expires_at > :now)
    AND (item.source_run IS NULL OR item.source_run IS NOT :without_run)
ORDER BY memory_index.rank LIMIT :limit;

-- name: rewrite
-- An item in the place of its row, where that is still in the state that was read.
UPDATE memory_items SET kind = :kind, title = :title, body = :body, terms = :terms, paths = :paths,
    status = :status, expires_at = :expires_at, supersedes = :supersedes, author = :author,
    author_name = :author_name, sha = :sha
WHERE id = :id AND status = :expect;

-- name: set_status
-- The same where the words stay, which the index does not know of.
UPDATE memory_items SET status = :status, expires_at = :expires_at, supersedes = :supersedes,
    author = :author, author_name = :author_name
WHERE id = :id AND status = :expect AND sha = :sha;

-- name: count_helpful
-- One more, or fewer, run that an item helped.
INSERT INTO memory_counts (item, helpful) SELECT pk, max(:by, 0) FROM memory_items WHERE id = :id
ON CONFLICT (item) DO UPDATE SET helpful = max(helpful + :by, 0);

-- name: count_harmful
-- One more, or fewer, run that an item harmed.
INSERT INTO memory_counts (item, harmful) SELECT pk, max(:by, 0) FROM memory_items WHERE id = :id
ON CONFLICT (item) DO UPDATE SET harmful = max(harmful + :by, 0);

-- name: count_injected
-- An agent was given an item.
INSERT INTO memory_counts (item, injected, last_used) SELECT pk, :by, :at FROM memory_items WHERE id = :id
ON CONFLICT (item) DO UPDATE SET injected = injected + :by, last_used = :at;

-- name: set_terms
-- The terms of an item, where they are others.
UPDATE memory_items SET terms = :terms WHERE id = :id AND terms <> :terms;

-- name: rebuild
-- The whole index, made of the items again.
INSERT INTO memory_index (memory_index) VALUES ('rebuild');

-- name: compare
-- Fails where the index is not what the items say; only with rank 1 does it read them.
INSERT INTO memory_index (memory_index, rank) VALUES ('integrity-check', 1);

-- name: number
-- How many items there are.
SELECT count(*) FROM memory_items;
