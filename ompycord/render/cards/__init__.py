"""Snapshot to card: its headline, blocks, buttons, and what is left out first where there is no room."""
