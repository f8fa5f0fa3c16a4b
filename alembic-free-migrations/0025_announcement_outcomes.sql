-- What a message says instead, without buttons, once the question that it asks is decided; and when it was seen to say so.
ALTER TABLE announcements ADD COLUMN outcome TEXT;
ALTER TABLE announcements ADD COLUMN outcome_done_at INTEGER;
CREATE INDEX announcements_outdated ON announcements (created_at) WHERE outcome IS NOT NULL AND outcome_done_at IS NULL;
