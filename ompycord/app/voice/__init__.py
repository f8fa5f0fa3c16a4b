"""Recordings that become drafts: who makes text of them, as the settings name it."""
