"""Commands that look after a data folder: its schema, its end, its backups."""
