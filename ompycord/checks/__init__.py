"""Checks: verification steps that we run, time and parse ourselves; implements the port `Checks`."""
