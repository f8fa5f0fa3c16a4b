"""`ompycord selftest`: the whole journey in a private playground, with real processes.

Counterpart: `cli/selftest.py`.
"""

from ompycord.app.selftest.journey import TITLES, Tick, run_selftest

__all__ = ["TITLES", "Tick", "run_selftest"]
