"""Where effects run. Today one engine: this process."""

from ompycord.engines.local import LocalEngine

__all__ = ["LocalEngine"]
