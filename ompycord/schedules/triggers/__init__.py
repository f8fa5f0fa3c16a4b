"""Runs that start because another system said so, with a brake."""
