"""Reads what a model used out of its answer, and reckons what no provider states. Pure."""
