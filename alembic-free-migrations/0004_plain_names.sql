-- Stored names that say what they are: a result is collected, an agent is stopped, a channel has a summary, a source a state.

-- The journal: effect keys, the effects' own types, and how a step that a stop cut short ended. Events keep their names.
UPDATE effects SET key = 'collect:' || substr(key, 9), body = json_set(body, '$.type', 'collect') WHERE key GLOB 'harvest:*';
UPDATE effects SET key = 'stop:' || substr(key, 6), body = json_set(body, '$.type', 'stop') WHERE key GLOB 'halt:*';
UPDATE effects SET outcome = 'stopped' WHERE outcome = 'halted';

-- A run's one line in its channel, waiting to be posted or posted already; footers of old messages are read as before.
UPDATE outbox SET kind = 'summary' WHERE kind = 'mirror';
UPDATE surfaces SET kind = 'summary' WHERE kind = 'mirror';

-- The numbers up to which each source was taken, and the webhook-ids that were taken already.
ALTER TABLE lanes RENAME TO source_states;
ALTER TABLE replays RENAME TO webhook_ids;
