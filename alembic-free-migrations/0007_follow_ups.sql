-- The chains of follow-ups: each run of one names the run with which it began; that run itself names none.
ALTER TABLE runs ADD COLUMN chain TEXT;
CREATE INDEX runs_chain ON runs (chain) WHERE chain IS NOT NULL;
