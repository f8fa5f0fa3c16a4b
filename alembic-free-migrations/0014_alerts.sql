-- What operators were notified of: a problem that lasted, and its end. Without `notified_at` quiet hours kept it from being sent.
CREATE TABLE alerts (
    id          TEXT PRIMARY KEY,
    key         TEXT NOT NULL,
    alert       TEXT NOT NULL,
    subject     TEXT NOT NULL,
    text        TEXT NOT NULL,
    began_at    INTEGER NOT NULL,
    notified_at INTEGER,
    ended_at    INTEGER
) STRICT;
CREATE INDEX alerts_began ON alerts (began_at);
CREATE INDEX alerts_ended ON alerts (ended_at) WHERE ended_at IS NOT NULL;
