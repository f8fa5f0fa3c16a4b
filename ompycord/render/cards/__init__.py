"""Snapshot to card: its head, blocks, buttons, and what is lost first where there is no room."""
