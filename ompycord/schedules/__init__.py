"""Runs that start by the clock: reads when, decides what is due, and starts each occurrence once."""
