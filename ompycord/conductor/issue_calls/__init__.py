"""Runs that begin with a label or an assignment on a forge."""
