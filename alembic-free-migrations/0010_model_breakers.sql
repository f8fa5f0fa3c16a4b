-- Models at providers that are not asked for a while, since they failed; all runs share them.
CREATE TABLE model_breakers (
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    failures INTEGER NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (provider, model)
) STRICT;
