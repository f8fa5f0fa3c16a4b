"""What a team remembers: its items, and what became of runs that were given some."""
