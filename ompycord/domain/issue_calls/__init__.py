"""Labels and assignments on a forge that may start a run: which count, what came, what became of it; pure."""
