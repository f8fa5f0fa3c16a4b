"""Asks open questions and approvals again whose message is lost: deleted by someone, or with its thread.

Each time that is a row of the outbox, which may be queued any number of times: (run, kind, ref) is unique. It notifies
no one twice. Counterpart: `refresh.py` and `live.py`, which notice the loss.
"""

from collections.abc import Callable
from typing import Protocol

from ompycord.bot.message_renderer import MessageRenderer
from ompycord.bot.run_view import RunView, is_pinned
from ompycord.domain.ports import Clock, Decisions, ShownMessages
from ompycord.domain.records import Commit, OutboxKind, OutboxRow, Surface
from ompycord.domain.refs import Ref
from ompycord.telemetry import get_logger

__all__ = ["AskAgain", "AskAgainStore"]

_LONGEST_REF = 128
"""Characters of a row's ref: each time that a question is asked again takes six."""

log = get_logger(__name__)


class AskAgainStore(Decisions, ShownMessages, Protocol):
    """What messages show, and deliveries that are decided."""


class AskAgain:
    """Queues what asks again. `proved` are messages of open questions that Discord has had since the session began."""

    def __init__(self, *, store: AskAgainStore, renderer: MessageRenderer, clock: Clock) -> None:
        self._store = store
        self._renderer = renderer
        self._clock = clock
        self.proved: set[str] = set()

    def must_prove(self, run_view: RunView, surface: Surface) -> bool:
        """Whether it is not known that the message of this open question still exists: an edit tells."""
        return surface.message not in self.proved and self.is_open(run_view, surface)

    def is_open(self, run_view: RunView, surface: Surface) -> bool:
        """Whether people can answer by this message, and nothing has asked again since."""
        if surface.message is None or not is_pinned(surface.kind, surface.ref):
            return False
        if self._renderer.closed(run_view, surface.ref):
            return False
        return run_view.surface(OutboxKind.NOTICE, str(Ref.parse(surface.ref).again)) is None

    async def ask(self, run_view: RunView, is_lost: Callable[[Surface], bool]) -> bool:
        """Queue what asks again for each open question whose message is lost; whether there is one.

        Raises StorageError.
        """
        lost = [surface for surface in run_view.surfaces if is_lost(surface) and self.is_open(run_view, surface)]
        now = self._clock.now_ms()
        rows = tuple(
            OutboxRow(run=run_view.run, kind=OutboxKind.NOTICE, ref=ref, created_at=now)
            for ref in (str(Ref.parse(surface.ref).again) for surface in lost)
            if len(ref) <= _LONGEST_REF
        )
        if not rows:
            return False
        log.info("question.asked_again", run=run_view.run, count=len(rows))
        await self._store.commit(Commit(writes=(*rows,)))
        for surface in lost:
            await self._store.shown(surface.model_copy(update={"message": None}))
        return True
