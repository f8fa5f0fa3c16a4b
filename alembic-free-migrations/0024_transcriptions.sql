-- The ledger of requests that make text of recordings: how long each was and what it cost, nothing of what was said.
-- They belong to no run: a server and a person pay for them.
CREATE TABLE transcription_requests (
    id TEXT PRIMARY KEY,
    guild TEXT NOT NULL,
    person TEXT NOT NULL,
    at INTEGER NOT NULL,
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    audio_ms INTEGER NOT NULL,
    reserved_nano_usd INTEGER,
    settled_at INTEGER,
    status INTEGER,
    nano_usd INTEGER,
    exactness TEXT CHECK (exactness IN ('exact', 'estimated'))
) STRICT;
CREATE INDEX transcription_requests_at ON transcription_requests (at);
CREATE INDEX transcription_requests_open ON transcription_requests (id) WHERE settled_at IS NULL;
