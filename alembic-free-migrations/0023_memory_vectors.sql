-- Vectors of what is remembered, where an address is configured that makes them. A space holds those that may be
-- compared with each other: of one model, of one length, brought to length 1 or not, made in one go.
CREATE TABLE memory_spaces (
    id INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    model TEXT NOT NULL,
    dim INTEGER NOT NULL CHECK (dim BETWEEN 1 AND 16384),
    is_requested INTEGER NOT NULL CHECK (is_requested IN (0, 1)),
    normalised INTEGER NOT NULL CHECK (normalised IN (0, 1)),
    version INTEGER NOT NULL,
    made_at INTEGER NOT NULL,
    whole_at INTEGER,
    UNIQUE (source, model, dim, is_requested, normalised, version)
) STRICT;
CREATE TABLE memory_vectors (
    item INTEGER NOT NULL REFERENCES memory_items (pk) ON DELETE CASCADE,
    space INTEGER NOT NULL REFERENCES memory_spaces (id),
    vector BLOB NOT NULL,
    PRIMARY KEY (item, space)
) STRICT;
CREATE INDEX memory_vectors_space ON memory_vectors (space);
-- Other words have another vector, and what was dropped has none.
CREATE TRIGGER memory_vectors_changed AFTER UPDATE OF sha ON memory_items WHEN old.sha IS NOT new.sha BEGIN
    DELETE FROM memory_vectors WHERE item = new.pk;
END;
CREATE TRIGGER memory_vectors_retired AFTER UPDATE OF status ON memory_items WHEN new.status = 'retired' BEGIN
    DELETE FROM memory_vectors WHERE item = new.pk;
END;

-- The ledger of requests for vectors. They belong to no run: a server and a repository pay for them.
CREATE TABLE embedding_requests (
    id TEXT PRIMARY KEY,
    guild TEXT NOT NULL,
    repository TEXT NOT NULL,
    at INTEGER NOT NULL,
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    reserved_tokens INTEGER NOT NULL,
    reserved_nano_usd INTEGER,
    settled_at INTEGER,
    status INTEGER,
    tokens INTEGER NOT NULL DEFAULT 0,
    nano_usd INTEGER,
    exactness TEXT CHECK (exactness IN ('exact', 'estimated'))
) STRICT;
CREATE INDEX embedding_requests_at ON embedding_requests (at);
CREATE INDEX embedding_requests_open ON embedding_requests (id) WHERE settled_at IS NULL;
