-- Budgets: what accounts spent, by the ledger of requests and by what agents report; their raises and warnings.

-- name: spent_by
-- What an account spent in a time. A request counts where it went out.
SELECT coalesce(sum(s.tokens), 0) AS tokens, coalesce(sum(s.nano_usd), 0) AS nano_usd
FROM (
    SELECT s.at, s.tokens, s.nano_usd
    FROM (
        SELECT run, at, input + cache_read + cache_write_5m + cache_write_1h + output AS tokens, nano_usd
        FROM model_requests WHERE at >= :start AND at < :end AND settled_at IS NOT NULL
        UNION ALL
        SELECT run, at, tokens, nano_usd FROM reported_spending WHERE at >= :start AND at < :end
    ) AS s JOIN runs AS r ON r.pk = s.run
    WHERE coalesce(r.guild, '') = :guild
      AND (:scope <> 'person' OR r.requester = :name) AND (:scope <> 'repository' OR r.repository = :name)
    UNION ALL
    SELECT at, tokens, nano_usd FROM embedding_requests
    WHERE at >= :start AND at < :end AND settled_at IS NOT NULL AND guild = :guild AND :scope <> 'person'
      AND (:scope <> 'repository' OR repository = :name)
    UNION ALL
    SELECT at, 0, nano_usd FROM transcription_requests
    WHERE at >= :start AND at < :end AND settled_at IS NOT NULL AND guild = :guild AND :scope <> 'repository'
      AND (:scope <> 'person' OR person = :name)
) AS s;

-- name: spent_by_quarter
-- The same by quarter of an hour: every time zone is a whole number of them from UTC.
SELECT s.at / 900000 AS quarter, coalesce(sum(s.tokens), 0) AS tokens, coalesce(sum(s.nano_usd), 0) AS nano_usd
FROM (
    SELECT s.at, s.tokens, s.nano_usd
    FROM (
        SELECT run, at, input + cache_read + cache_write_5m + cache_write_1h + output AS tokens, nano_usd
        FROM model_requests WHERE at >= :start AND at < :end AND settled_at IS NOT NULL
        UNION ALL
        SELECT run, at, tokens, nano_usd FROM reported_spending WHERE at >= :start AND at < :end
    ) AS s JOIN runs AS r ON r.pk = s.run
    WHERE coalesce(r.guild, '') = :guild
      AND (:scope <> 'person' OR r.requester = :name) AND (:scope <> 'repository' OR r.repository = :name)
    UNION ALL
    SELECT at, tokens, nano_usd FROM embedding_requests
    WHERE at >= :start AND at < :end AND settled_at IS NOT NULL AND guild = :guild AND :scope <> 'person'
      AND (:scope <> 'repository' OR repository = :name)
    UNION ALL
    SELECT at, 0, nano_usd FROM transcription_requests
    WHERE at >= :start AND at < :end AND settled_at IS NOT NULL AND guild = :guild AND :scope <> 'repository'
      AND (:scope <> 'person' OR person = :name)
) AS s
GROUP BY s.at / 900000 ORDER BY quarter;

-- name: spenders
-- The accounts of a kind that spent most in a time.
SELECT name
FROM (
    SELECT CASE :scope WHEN 'person' THEN r.requester ELSE r.repository END AS name, s.nano_usd
    FROM (
        SELECT run, at, nano_usd FROM model_requests WHERE at >= :start AND at < :end AND settled_at IS NOT NULL
        UNION ALL
        SELECT run, at, nano_usd FROM reported_spending WHERE at >= :start AND at < :end
    ) AS s JOIN runs AS r ON r.pk = s.run
    WHERE coalesce(r.guild, '') = :guild
    UNION ALL
    SELECT repository, nano_usd FROM embedding_requests
    WHERE at >= :start AND at < :end AND settled_at IS NOT NULL AND guild = :guild AND repository <> ''
      AND :scope <> 'person'
    UNION ALL
    SELECT person, nano_usd FROM transcription_requests
    WHERE at >= :start AND at < :end AND settled_at IS NOT NULL AND guild = :guild AND :scope = 'person'
) WHERE name IS NOT NULL
GROUP BY name ORDER BY coalesce(sum(nano_usd), 0) DESC, name LIMIT :most;

-- name: in_ledger
-- What the ledger holds of a run.
SELECT
    (SELECT coalesce(sum(input + cache_read + cache_write_5m + cache_write_1h + output), 0)
     FROM model_requests WHERE run = :run AND settled_at IS NOT NULL)
    + (SELECT coalesce(sum(tokens), 0) FROM reported_spending WHERE run = :run) AS tokens,
    (SELECT coalesce(sum(nano_usd), 0) FROM model_requests WHERE run = :run AND settled_at IS NOT NULL)
    + (SELECT coalesce(sum(nano_usd), 0) FROM reported_spending WHERE run = :run) AS nano_usd;

-- name: report_spending
-- What an agent reported beyond what the ledger held.
INSERT INTO reported_spending (run, at, tokens, nano_usd) VALUES (:run, :at, :tokens, :nano_usd);

-- name: budget_raise
-- The limit that a person set for a period of an account.
SELECT nano_usd, tokens, by, by_name, at FROM budget_raises
WHERE guild = :guild AND scope = :scope AND name = :name AND period = :period AND start = :start;

-- name: raise_budget
-- A limit for one period; another one in its place, which keeps what it does not name.
INSERT INTO budget_raises (guild, scope, name, period, start, nano_usd, tokens, by, by_name, at)
VALUES (:guild, :scope, :name, :period, :start, :nano_usd, :tokens, :by, :by_name, :at)
ON CONFLICT (guild, scope, name, period, start) DO UPDATE
SET nano_usd = coalesce(excluded.nano_usd, nano_usd), tokens = coalesce(excluded.tokens, tokens),
    by = excluded.by, by_name = excluded.by_name, at = excluded.at;

-- name: was_warned
-- Whether this warning was given.
SELECT 1 FROM budget_warnings
WHERE guild = :guild AND scope = :scope AND name = :name AND period = :period AND start = :start
  AND percent = :percent AND "limit" = :limit;

-- name: add_warning
-- It is given now.
INSERT INTO budget_warnings (guild, scope, name, period, start, percent, "limit", at)
VALUES (:guild, :scope, :name, :period, :start, :percent, :limit, :at);
