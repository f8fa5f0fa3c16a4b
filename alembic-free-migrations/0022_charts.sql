-- What the picture beside a message shows, as JSON: it is drawn when the message is sent.
ALTER TABLE announcements ADD COLUMN chart TEXT;
