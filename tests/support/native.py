"""What the built-in agent needs around it in a test: a listener that serves nothing but models of the test's own."""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from socket import socket

from ompycord.domain.ports.models import Models


class ModelListener:
    """Satisfies `domain.ports.Listener`."""

    port = 0
    has_models = True

    def __init__(self, models: Models | None) -> None:
        self.models = models
        self.environment: Mapping[str, str] = {}
        self.dialects: Mapping[str, str] = {}
        self.waiting: Callable[[bool], None] | None = None

    def watch_waits(self, waiting: Callable[[bool], None]) -> None:
        self.waiting = waiting

    def adopted(self, listening: socket) -> AbstractAsyncContextManager[None]:
        return nullcontext()
