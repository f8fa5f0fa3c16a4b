"""Agents, one file per protocol: each adapter starts a program and reports its work as events; see `registry.py`."""
