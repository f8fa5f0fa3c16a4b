"""Webhooks of the settings in the running process: how they are wired, inspected and commanded.

Counterpart of `notify/`.
"""
