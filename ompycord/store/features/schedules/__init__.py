"""Rows of what starts by the clock, and of messages that belong to no run."""
