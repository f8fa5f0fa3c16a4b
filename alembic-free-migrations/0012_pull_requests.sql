-- Pull requests: what their forges showed last, and what was done about it. A chain of runs has several where one ended.
CREATE TABLE pull_requests (
    repository TEXT NOT NULL,
    number     INTEGER NOT NULL,
    chain      TEXT NOT NULL,
    is_open    INTEGER NOT NULL,
    body       TEXT NOT NULL CHECK (json_valid(body)),
    PRIMARY KEY (repository, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX pull_requests_chain ON pull_requests (chain);
