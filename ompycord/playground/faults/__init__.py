"""Faults on demand: what is done to the bot's requests, to its network, its disk and its process."""
