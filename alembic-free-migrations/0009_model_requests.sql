-- The ledger of requests to models. A row is written before a request goes out, and settled once its answer is over.
CREATE TABLE model_requests (
    id TEXT PRIMARY KEY,
    run INTEGER NOT NULL REFERENCES runs (pk),
    at INTEGER NOT NULL,
    provider TEXT NOT NULL,
    dialect TEXT NOT NULL,
    model TEXT NOT NULL,
    reserved_input INTEGER NOT NULL,
    reserved_output INTEGER NOT NULL,
    reserved_nano_usd INTEGER,
    settled_at INTEGER,
    status INTEGER,
    answered_model TEXT,
    request_id TEXT,
    input INTEGER NOT NULL DEFAULT 0,
    cache_read INTEGER NOT NULL DEFAULT 0,
    cache_write_5m INTEGER NOT NULL DEFAULT 0,
    cache_write_1h INTEGER NOT NULL DEFAULT 0,
    output INTEGER NOT NULL DEFAULT 0,
    reasoning INTEGER NOT NULL DEFAULT 0,
    web_searches INTEGER NOT NULL DEFAULT 0,
    nano_usd INTEGER,
    exactness TEXT CHECK (exactness IN ('exact', 'estimated'))
) STRICT;
CREATE INDEX model_requests_run ON model_requests (run);
CREATE INDEX model_requests_open ON model_requests (id) WHERE settled_at IS NULL;
