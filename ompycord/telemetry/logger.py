"""The one way to a logger: structlog's, loaded without the tracebacks that we never print (`logs.py` formats them)."""

from ompycord.telemetry.absent import absent

with absent("rich"), absent("greenlet"):
    import structlog

__all__ = ["get_logger", "structlog"]

get_logger = structlog.get_logger
