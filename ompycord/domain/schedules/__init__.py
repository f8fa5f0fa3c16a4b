"""When something is due by the clock of a place, and what became of each time; pure."""
