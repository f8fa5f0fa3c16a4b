-- Posts of senders, all of a transaction at once: read what decides, then write.

-- name: last_numbers
-- The last row number of a run and the last position; both are given without gaps.
SELECT coalesce((SELECT max(pk) FROM runs), 0), coalesce((SELECT max(position) FROM events), 0);

-- name: taken_ids
-- Webhook-ids that their keys have used: what was sent with them and where that went.
-- rows: 2 columns
WITH w (key_id, id) AS (VALUES {rows})
SELECT p.key_id, p.id, p.hash, p.position, r.id AS run, r.kind = 'external' AND EXISTS (
    SELECT 1 FROM events AS e
    WHERE e.run = r.pk AND e.source = 'ompycord' AND e.type = 'run.cancel_requested') AS cancel_requested
FROM w CROSS JOIN webhook_ids AS p ON p.key_id = w.key_id AND p.id = w.id JOIN runs AS r ON r.pk = p.run;

-- name: targets_by_name
-- What posts must know of their external runs, by each key's own name for one: run, source, a request to cancel.
-- One row of JSON, since every row of a result hands the interpreter's lock to the event loop.
-- rows: 3 columns
WITH w (key_id, name, source) AS (VALUES {rows})
SELECT json_group_array(json_array(
    w.key_id, w.name, w.source, r.pk, r.id, r.kind, r.state, l.numbering, l.last_seq, l.final_seq, EXISTS (
        SELECT 1 FROM events AS e
        WHERE e.run = r.pk AND e.source = 'ompycord' AND e.type = 'run.cancel_requested')))
FROM w CROSS JOIN runs AS r ON r.key_id = w.key_id AND r.external_name = w.name
       LEFT JOIN source_states AS l ON l.run = r.pk AND l.source = w.source;

-- name: targets_by_key
-- The same for a run's own key: only the run that the key is bound to. A hosted run is cancelled by its state.
-- rows: 3 columns
WITH w (key_id, name, source) AS (VALUES {rows})
SELECT json_group_array(json_array(
    w.key_id, w.name, w.source, r.pk, r.id, r.kind, r.state, l.numbering, l.last_seq, l.final_seq, 0))
FROM w CROSS JOIN api_keys AS k ON k.id = w.key_id JOIN runs AS r ON r.pk = k.run AND r.id = w.name
       LEFT JOIN source_states AS l ON l.run = r.pk AND l.source = w.source;

-- name: events_by_seq
-- Events by their numbers, to tell a repetition from a conflict.
-- rows: 3 columns
WITH w (run, source, seq) AS (VALUES {rows})
SELECT e.run, e.source, e.seq, e.position, e.hash
FROM w CROSS JOIN events AS e ON e.run = w.run AND e.source = w.source AND e.seq = w.seq;

-- name: add_external_runs
-- Runs that sending keys began, their row numbers given.
-- rows: 8 columns
INSERT INTO runs (pk, id, kind, key_id, external_name, channel, requester, state, created_at, updated_at)
SELECT column1, column2, 'external', column3, column4, column5, column6, 'BUILDING', column7, column8
FROM (VALUES {rows});

-- name: add_events
-- Many facts, their positions given.
-- rows: 9 columns
INSERT INTO events (position, run, source, seq, id, at, type, body, hash) VALUES {rows};

-- name: put_source_states
-- Keep the highest numbers of many sources, and where they ended.
-- rows: 5 columns
INSERT INTO source_states (run, source, numbering, last_seq, final_seq) VALUES {rows}
ON CONFLICT (run, source) DO UPDATE SET last_seq = excluded.last_seq, final_seq = excluded.final_seq;

-- name: add_ids
-- Remember webhook-ids.
-- rows: 6 columns
INSERT INTO webhook_ids (key_id, id, hash, run, position, at) VALUES {rows};

-- name: prune_ids
-- Forget webhook-ids that no sender retries any more; a bounded bite, so that no commit waits for it.
DELETE FROM webhook_ids WHERE (key_id, id) IN (SELECT key_id, id FROM webhook_ids WHERE at < ? ORDER BY at LIMIT 2000);
