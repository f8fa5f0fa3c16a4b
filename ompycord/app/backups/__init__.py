"""Backups of the process: where they are, when one is made, and what is said of them."""
