"""Where effects run. Today one engine: this process."""

from ompycord.engines.context import StepContext
from ompycord.engines.local import LocalEngine

__all__ = ["LocalEngine", "StepContext"]
