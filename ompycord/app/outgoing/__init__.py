"""Webhooks of the settings in the running process: how they are wired, looked at and commanded.

Counterpart of `notify/`.
"""
