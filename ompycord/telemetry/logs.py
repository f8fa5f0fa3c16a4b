"""Structured logs through structlog: pretty for people, one JSON object a line for machines.

They are redacted before they are written. Libraries that use the standard library's logging (discord.py, uvicorn, mcp)
come out in the same form.
"""

import logging
import logging.handlers
import os
import sys
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from typing import Any, TextIO, cast

from ompycord.errors import ConfigurationError
from ompycord.telemetry.log_queue import DescriptorHandler, QueuedHandler
from ompycord.telemetry.logger import structlog

__all__ = ["LogFile", "configure_logging"]

NOISY = {
    "discord": logging.WARNING,
    "discord.client": logging.ERROR,  # warns that voice libraries are missing; we use no voice
    "uvicorn": logging.WARNING,
    "aiosqlite": logging.WARNING,  # logs every statement, with the rows that it writes
    "httpx": logging.WARNING,
    "httpx2": logging.WARNING,
    "mcp": logging.WARNING,
}
"""Levels below which these libraries report only about themselves."""

SELDOM_S = 60.0
Event = MutableMapping[str, Any]


@dataclass(frozen=True, slots=True)
class LogFile:
    """A file of JSON lines beside the stream, 0600; at `max_bytes` it becomes NAME.1 and a new one starts."""

    path: Path
    max_bytes: int
    keep: int


def configure_logging(
    *,
    level: str,
    json_lines: bool,
    redact: Callable[[str], str],
    stream: TextIO | None = None,
    file: LogFile | None = None,
) -> None:
    """Configure logging once, before anything is logged. Lines are written by a thread: no caller waits for them.

    `level` is debug, info, warning or error; the stream is stderr by default. Raises ConfigurationError when the file
    cannot be written.
    """
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
    as_json = structlog.processors.JSONRenderer(ensure_ascii=False)
    renderer: structlog.typing.Processor = (
        as_json if json_lines else structlog.dev.ConsoleRenderer(colors=out.isatty(), pad_event_to=24)
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handlers: list[logging.Handler] = [_dressed(QueuedHandler(DescriptorHandler(out)), shared, renderer)]
    if file is not None:
        handlers.append(_dressed(QueuedHandler(_rotating(file)), shared, as_json))
    root = logging.getLogger()
    for old in root.handlers:
        old.close()
    root.handlers = handlers
    root.setLevel(level.upper())
    asyncio_log = logging.getLogger("asyncio")
    asyncio_log.filters = [one for one in asyncio_log.filters if not isinstance(one, _Seldom)] + [_Seldom()]
    for name, least in NOISY.items():
        logging.getLogger(name).setLevel(max(least, root.level))


def _dressed(
    handler: logging.Handler, shared: Sequence[structlog.typing.Processor], renderer: structlog.typing.Processor
) -> logging.Handler:
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    return handler


def _rotating(file: LogFile) -> logging.Handler:
    try:
        file.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return _PrivateFile(file.path, maxBytes=file.max_bytes, backupCount=file.keep, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"log.file: it cannot be written ({error.strerror})") from None


class _PrivateFile(logging.handlers.RotatingFileHandler):
    """Every file that it opens is ours alone to read."""

    def _open(self) -> TextIOWrapper:
        descriptor = os.open(self.baseFilename, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        return os.fdopen(descriptor, "a", encoding="utf-8")


def _redactor(redact: Callable[[str], str]) -> structlog.typing.Processor:
    def process(logger: Any, method: str, event: Event) -> Event:
        for key, value in event.items():
            event[key] = _redacted(value, redact)
        return event

    return process


def _redacted(value: Any, redact: Callable[[str], str]) -> Any:
    """The same value where it shows no secret; what is no text is shown as `repr` has it."""
    if isinstance(value, str):
        return redact(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        named = cast("Mapping[Any, Any]", value)
        return {_redacted(key, redact): _redacted(inner, redact) for key, inner in named.items()}
    if isinstance(value, list | tuple):
        return [_redacted(inner, redact) for inner in cast("Sequence[Any]", value)]
    shown = repr(value)
    hidden = redact(shown)
    return value if hidden == shown else hidden


class _Seldom(logging.Filter):
    """Lets a line of asyncio's about a full table of descriptors pass once a minute: it comes for every try."""

    def __init__(self) -> None:
        super().__init__()
        self._passed_at: float | None = None

    def filter(self, record: logging.LogRecord) -> bool:
        if not str(record.msg).startswith("socket.accept() out of system resource"):
            return True
        if self._passed_at is not None and record.created - self._passed_at < SELDOM_S:
            return False
        self._passed_at = record.created
        return True
