"""What is true of a run, folded from its events."""
