"""Secrets that agents ask people for; pure."""
