"""Whoever keeps the process running: units for three systems, and what systemd is told while it works."""
