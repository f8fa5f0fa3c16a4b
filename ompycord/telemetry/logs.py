"""Structured logs through structlog: pretty for people, one JSON object a line for machines; redacted before they leave.

Libraries that use the standard library's logging (discord.py, uvicorn, mcp) come out in the same form.
"""

import logging
import sys
from collections.abc import Callable, MutableMapping
from typing import Any, TextIO

import structlog

__all__ = ["configure_logging"]

NOISY = {
    "discord": logging.WARNING,
    "discord.client": logging.ERROR,  # warns that voice libraries are missing; we use no voice
    "uvicorn": logging.WARNING,
    "httpx": logging.WARNING,
    "mcp": logging.WARNING,
}
"""What these libraries say below this level is about themselves."""

Event = MutableMapping[str, Any]


def configure_logging(
    *, level: str, json_lines: bool, redact: Callable[[str], str], stream: TextIO | None = None
) -> None:
    """Once, before anything is logged. `level` is debug, info, warning or error; the stream is stderr by default."""
    out: TextIO = stream or sys.stderr
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _redactor(redact),
    ]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if json_lines
        else structlog.dev.ConsoleRenderer(colors=out.isatty(), pad_event_to=24)
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name, least in NOISY.items():
        logging.getLogger(name).setLevel(max(least, root.level))


def _redactor(redact: Callable[[str], str]) -> structlog.typing.Processor:
    def process(logger: Any, method: str, event: Event) -> Event:
        for key, value in event.items():
            if isinstance(value, str):
                event[key] = redact(value)
        return event

    return process
