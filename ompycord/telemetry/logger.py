"""The one way to a logger: structlog's, loaded without the tracebacks that we never print (`logs.py` formats them)."""

from ompycord.telemetry.without_module import without_module

with without_module("rich"), without_module("greenlet"):
    import structlog

__all__ = ["get_logger", "structlog"]

get_logger = structlog.get_logger
