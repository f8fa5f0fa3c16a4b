-- The ledger of requests to models.

-- name: open_model_request
-- A request goes out.
INSERT INTO model_requests (id, run, at, provider, dialect, model, reserved_input, reserved_output, reserved_nano_usd)
VALUES (:id, :run, :at, :provider, :dialect, :model, :reserved_input, :reserved_output, :reserved_nano_usd);

-- name: meter_model_request
-- What one that is under way has used so far.
UPDATE model_requests
SET input = :input, cache_read = :cache_read, cache_write_5m = :cache_write_5m, cache_write_1h = :cache_write_1h,
    output = :output, reasoning = :reasoning, web_searches = :web_searches, nano_usd = :nano_usd
WHERE id = :id AND settled_at IS NULL;

-- name: settle_model_request
-- What it used; once.
UPDATE model_requests
SET settled_at = :at, status = :status, provider = :provider, answered_model = :answered_model,
    request_id = :request_id, input = :input, cache_read = :cache_read, cache_write_5m = :cache_write_5m,
    cache_write_1h = :cache_write_1h, output = :output, reasoning = :reasoning, web_searches = :web_searches,
    nano_usd = :nano_usd, exactness = :exactness
WHERE id = :id AND settled_at IS NULL;

-- name: open_model_requests
-- Those that are not settled.
SELECT m.id, r.id AS run, m.provider, m.model, m.reserved_input, m.reserved_output, m.reserved_nano_usd,
       m.input, m.cache_read, m.cache_write_5m, m.cache_write_1h, m.output, m.reasoning, m.web_searches,
       m.nano_usd
FROM model_requests AS m JOIN runs AS r ON r.pk = m.run
WHERE m.settled_at IS NULL ORDER BY m.id LIMIT 1000;

-- name: model_totals
-- What all settled ones used, those for vectors of the memory too.
SELECT provider, exactness, count(*) AS requests, sum(input) AS input, sum(cache_read) AS cache_read,
       sum(cache_write_5m) AS cache_write_5m, sum(cache_write_1h) AS cache_write_1h, sum(output) AS output,
       sum(reasoning) AS reasoning, sum(web_searches) AS web_searches, coalesce(sum(nano_usd), 0) AS nano_usd
FROM (
    SELECT provider, exactness, input, cache_read, cache_write_5m, cache_write_1h, output, reasoning, web_searches,
           nano_usd
    FROM model_requests WHERE settled_at IS NOT NULL
    UNION ALL
    SELECT provider, exactness, tokens, 0, 0, 0, 0, 0, 0, nano_usd
    FROM embedding_requests WHERE settled_at IS NOT NULL
    UNION ALL
    SELECT provider, exactness, 0, 0, 0, 0, 0, 0, 0, nano_usd
    FROM transcription_requests WHERE settled_at IS NOT NULL
) GROUP BY provider, exactness ORDER BY provider, exactness;

-- name: spent_on_models
-- What the settled ones of a run used.
SELECT coalesce(sum(m.input + m.cache_read + m.cache_write_5m + m.cache_write_1h + m.output), 0) AS tokens,
       coalesce(sum(m.nano_usd), 0) AS nano_usd
FROM model_requests AS m JOIN runs AS r ON r.pk = m.run
WHERE r.id = ? AND m.settled_at IS NOT NULL;

-- name: keep_model_breaker
-- A model at a provider rests.
INSERT INTO model_breakers (provider, model, failures, until) VALUES (:provider, :model, :failures, :until)
ON CONFLICT (provider, model) DO UPDATE SET failures = excluded.failures, until = excluded.until;

-- name: drop_model_breaker
-- It answered.
DELETE FROM model_breakers WHERE provider = :provider AND model = :model;

-- name: model_breakers
-- All that rest, or rested and were not asked since.
SELECT provider, model, failures, until FROM model_breakers ORDER BY provider, model LIMIT 1000;
