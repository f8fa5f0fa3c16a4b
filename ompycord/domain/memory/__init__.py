"""What a team remembers of earlier work: items, where they may be seen, and the options; pure."""
