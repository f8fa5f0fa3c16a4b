"""Secrets that agents ask for, from the command line."""
