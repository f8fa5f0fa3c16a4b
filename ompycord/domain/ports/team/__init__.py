"""Ports of what a team decides together: its money, and what it allowed before."""
