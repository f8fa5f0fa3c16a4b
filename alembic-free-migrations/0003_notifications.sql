-- What is sent to webhooks of the settings, and indexes by which the state of each destination is counted.

-- Deliveries to webhooks. `id` is the webhook-id; `seq` counts within (destination, run); the content is what was redacted.
CREATE TABLE deliveries (
    id          TEXT PRIMARY KEY,
    destination TEXT NOT NULL,
    topic       TEXT NOT NULL,
    run         INTEGER REFERENCES runs (pk),
    seq         INTEGER NOT NULL CHECK (seq >= 1),
    content     TEXT NOT NULL CHECK (json_valid(content)),
    status      TEXT NOT NULL CHECK (status IN ('pending', 'delivered', 'dead')),
    attempts    INTEGER NOT NULL DEFAULT 0,
    created_at  INTEGER NOT NULL,
    not_before  INTEGER NOT NULL,
    next_at     INTEGER NOT NULL,
    done_at     INTEGER,
    last_error  TEXT
) STRICT;
CREATE INDEX deliveries_pending ON deliveries (destination, run, seq) WHERE status = 'pending';
CREATE INDEX deliveries_dead ON deliveries (destination, run, seq) WHERE status = 'dead';
CREATE INDEX deliveries_done ON deliveries (done_at) WHERE status = 'delivered';

-- The last number of each run's deliveries to each destination; run 0 stands for none. Delivered rows are pruned, numbers go on.
CREATE TABLE delivery_numbers (
    destination TEXT NOT NULL,
    run         INTEGER NOT NULL,
    last_seq    INTEGER NOT NULL,
    PRIMARY KEY (destination, run)
) STRICT, WITHOUT ROWID;

-- What Discord will not get any more, for counting.
CREATE INDEX outbox_failed ON outbox (id) WHERE status = 'failed';
