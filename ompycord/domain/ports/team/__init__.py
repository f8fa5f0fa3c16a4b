"""Ports of what a team decides together and remembers: its money, what it allowed before, vectors of its memory."""
