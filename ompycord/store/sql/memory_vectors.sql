-- Vectors of what is remembered, by spaces within which they may be compared.

-- name: fills
-- All spaces, the oldest first, with how many of the active items have a vector there.
SELECT space.*,
    (SELECT count(*) FROM memory_vectors AS v JOIN memory_items AS i ON i.pk = v.item
     WHERE v.space = space.id AND i.status = 'active') AS vectors,
    (SELECT count(*) FROM memory_items WHERE status = 'active') AS items
FROM memory_spaces AS space ORDER BY space.id;

-- name: newest
-- The space that was made last.
SELECT * FROM memory_spaces ORDER BY id DESC LIMIT 1;

-- name: make
-- A space without vectors, of the next version.
INSERT INTO memory_spaces (source, model, dim, is_requested, normalised, version, made_at)
SELECT :source, :model, :dim, :is_requested, :normalised, ifnull(max(version), 0) + 1, :made_at FROM memory_spaces
WHERE source = :source AND model = :model AND dim = :dim AND is_requested = :is_requested AND normalised = :normalised
RETURNING *;

-- name: missing
-- Active items without a vector in a space, by repository, the oldest first.
SELECT item.id, item.guild, item.repository, item.title, item.body, item.sha FROM memory_items AS item
WHERE item.status = 'active' AND (item.expires_at IS NULL OR item.expires_at > :now)
    AND NOT EXISTS (SELECT 1 FROM memory_vectors AS v WHERE v.item = item.pk AND v.space = :space)
    AND item.id NOT IN (SELECT value FROM json_each(:without))
ORDER BY item.guild, item.repository, item.pk LIMIT :limit;

-- name: put
-- A vector of an item whose words are still those.
INSERT OR REPLACE INTO memory_vectors (item, space, vector)
SELECT pk, :space, :vector FROM memory_items WHERE id = :item AND sha = :sha AND status = 'active';

-- name: answers
-- A space that has all vectors.
UPDATE memory_spaces SET whole_at = :at WHERE id = :space AND whole_at IS NULL;

-- name: drop_expired
-- Vectors of what is not recalled any more.
DELETE FROM memory_vectors WHERE item IN (SELECT pk FROM memory_items WHERE expires_at <= :at);

-- name: drop_some
-- Some vectors of the spaces before one.
DELETE FROM memory_vectors WHERE rowid IN (SELECT rowid FROM memory_vectors WHERE space < :space LIMIT :limit);

-- name: drop_spaces
-- The spaces before one, which have no vectors any more.
DELETE FROM memory_spaces WHERE id < :space;

-- name: compared
-- Vectors of active items that are seen in a place: of the candidates, and of the newest ones.
SELECT vector.item, vector.vector FROM memory_vectors AS vector
WHERE vector.space = :space AND vector.item IN (
    SELECT pk FROM memory_items AS item
    WHERE item.guild = :guild
        AND (item.repository IS NULL OR item.repository = :repository)
        AND (item.channel IS NULL OR item.channel = :channel)
        AND item.status = 'active' AND (item.expires_at IS NULL OR item.expires_at > :now)
        AND (item.source_run IS NULL OR item.source_run IS NOT :without_run)
        AND (item.id IN (SELECT value FROM json_each(:candidates)) OR item.pk >= :from_pk)
);

-- name: newest_seen
-- The item from which on the newest ones are compared.
SELECT min(pk) AS pk FROM (
    SELECT pk FROM memory_items AS item
    WHERE item.guild = :guild
        AND (item.repository IS NULL OR item.repository = :repository)
        AND (item.channel IS NULL OR item.channel = :channel)
        AND item.status = 'active' AND (item.expires_at IS NULL OR item.expires_at > :now)
        AND (item.source_run IS NULL OR item.source_run IS NOT :without_run)
    ORDER BY pk DESC LIMIT :most
);

-- name: by_pk
-- Items by their keys, with their counters.
SELECT item.*, item.pk AS item_pk, ifnull(count.helpful, 0) AS helpful, ifnull(count.harmful, 0) AS harmful,
    ifnull(count.injected, 0) AS injected, count.last_used, 0.0 AS score
FROM memory_items AS item LEFT JOIN memory_counts AS count ON count.item = item.pk
WHERE item.pk IN (SELECT value FROM json_each(:pks));
