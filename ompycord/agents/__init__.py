"""Agents, one file per protocol: each adapter starts a program and says what it does as events; see `registry.py`."""
