"""Ompycord: run a team's coding agents from Discord.

One asyncio process, one event log, a card that is always true. `ARCHITECTURE.md` is the map.
"""

from importlib.metadata import PackageNotFoundError, version

__all__ = ["__version__"]

try:
    __version__ = version("ompycord")
except PackageNotFoundError:  # a checkout that was never installed: `python -m ompycord` works there too
    __version__ = "0.0.0+checkout"
