-- What a team remembers of earlier work, the words by which it is found, and what became of it.
CREATE TABLE memory_items (
    pk INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    guild TEXT NOT NULL,
    repository TEXT,
    channel TEXT,
    kind TEXT NOT NULL CHECK (kind IN ('lesson', 'decision', 'run_summary', 'fact')),
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    terms TEXT NOT NULL,
    paths TEXT NOT NULL CHECK (json_valid(paths)),
    origin TEXT NOT NULL CHECK (origin IN ('person', 'agent', 'run', 'file')),
    source_run TEXT,
    source_message TEXT,
    author TEXT,
    author_name TEXT,
    status TEXT NOT NULL CHECK (status IN ('proposed', 'active', 'retired')),
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    supersedes TEXT,
    sha BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX memory_items_sha ON memory_items (guild, ifnull(repository, ''), ifnull(channel, ''), sha);
CREATE INDEX memory_items_place ON memory_items (guild, repository, status);
CREATE INDEX memory_items_author ON memory_items (author);

-- Apart from the items: counting must not touch the index of words.
CREATE TABLE memory_counts (
    item INTEGER PRIMARY KEY REFERENCES memory_items (pk) ON DELETE CASCADE,
    helpful INTEGER NOT NULL DEFAULT 0,
    harmful INTEGER NOT NULL DEFAULT 0,
    injected INTEGER NOT NULL DEFAULT 0,
    last_used INTEGER
) STRICT;

CREATE VIRTUAL TABLE memory_index USING fts5 (
    title, body, terms, content = 'memory_items', content_rowid = 'pk', tokenize = 'porter unicode61'
);
INSERT INTO memory_index (memory_index, rank) VALUES ('rank', 'bm25(3.0, 1.0, 0.7)');
CREATE TRIGGER memory_items_added AFTER INSERT ON memory_items BEGIN
    INSERT INTO memory_index (rowid, title, body, terms) VALUES (new.pk, new.title, new.body, new.terms);
END;
CREATE TRIGGER memory_items_removed AFTER DELETE ON memory_items BEGIN
    INSERT INTO memory_index (memory_index, rowid, title, body, terms)
    VALUES ('delete', old.pk, old.title, old.body, old.terms);
END;
CREATE TRIGGER memory_items_changed AFTER UPDATE OF title, body, terms ON memory_items BEGIN
    INSERT INTO memory_index (memory_index, rowid, title, body, terms)
    VALUES ('delete', old.pk, old.title, old.body, old.terms);
    INSERT INTO memory_index (rowid, title, body, terms) VALUES (new.pk, new.title, new.body, new.terms);
END;

-- What people think of the results of runs: the current verdict of each, and every one that was given.
CREATE TABLE feedback (
    run INTEGER NOT NULL REFERENCES runs (pk),
    person TEXT NOT NULL,
    person_name TEXT NOT NULL,
    verdict TEXT NOT NULL CHECK (verdict IN ('good', 'edit', 'bad')),
    words TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (run, person)
) STRICT, WITHOUT ROWID;
CREATE TABLE feedback_history (
    id INTEGER PRIMARY KEY,
    run INTEGER NOT NULL REFERENCES runs (pk),
    person TEXT NOT NULL,
    person_name TEXT NOT NULL,
    verdict TEXT NOT NULL,
    words TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX feedback_history_run ON feedback_history (run);
