"""What the process says of itself: logs today."""

from ompycord.telemetry.logs import configure_logging

__all__ = ["configure_logging"]
