"""Plans at the terminal: read, approved, sent back, rejected."""
