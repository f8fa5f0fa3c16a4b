"""Memories of other packages: what a kind of them is, and which there are."""
