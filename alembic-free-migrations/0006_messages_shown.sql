-- A delivery's nonce is its own, and which messages show less than is known.

-- 25 random characters, stored with the delivery: row numbers start again in a new or restored database.
ALTER TABLE outbox ADD COLUMN nonce TEXT NOT NULL DEFAULT '';
UPDATE outbox SET nonce = substr(lower(hex(randomblob(13))), 1, 25) WHERE status = 'pending';

-- Until now a message kept the position of its last edit, although what came after it changed nothing. Those of runs that
-- ended a day before the last change of any run are not compared again: their threads stay closed.
UPDATE surfaces SET shown_position = f.position
FROM folds AS f JOIN runs AS r ON r.pk = f.run
WHERE f.run = surfaces.run AND surfaces.shown_position < f.position
    AND r.ended_at < (SELECT max(updated_at) FROM runs) - 86400000;
