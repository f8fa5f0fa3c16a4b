"""Who waits for something to be stored by this process learns that it was, never what; it reads the store again."""

from collections.abc import Generator
from contextlib import contextmanager

from ompycord.domain.ports import Watcher

__all__ = ["CommitBus"]


class CommitBus:
    """Satisfies `domain.ports.Commits`. The writer publishes each committed transaction, and waits for nobody."""

    def __init__(self) -> None:
        self._watchers: set[Watcher] = set()

    @contextmanager
    def watched_by(self, watcher: Watcher) -> Generator[None]:
        """See the port."""
        self._watchers.add(watcher)
        try:
            yield
        finally:
            self._watchers.discard(watcher)

    def publish(self) -> None:
        """Something was committed."""
        for watcher in self._watchers:
            watcher.stored()
