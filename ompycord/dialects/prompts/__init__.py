"""Texts for agents: a task, what failed; pure."""
