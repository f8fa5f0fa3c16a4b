"""Rows of what looks after the process itself."""
