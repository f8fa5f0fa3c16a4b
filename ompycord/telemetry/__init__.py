"""What the process reports of itself: logs, metrics, and a watchdog on its loop.

Metrics are imported where they are needed.
"""

from ompycord.telemetry.logger import get_logger
from ompycord.telemetry.logs import LogFile, configure_logging

__all__ = ["LogFile", "configure_logging", "get_logger"]
