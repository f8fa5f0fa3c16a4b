"""Messages that were deleted in Discord: what one of ours asked is asked again. Called by `live.py`."""

from functools import partial

from ompycord.bot.delivery.ask_again import AskAgain
from ompycord.bot.delivery.changes import ChangedRuns
from ompycord.bot.delivery.refresh import Refresher
from ompycord.bot.message_renderer import MessageRenderer
from ompycord.domain.ids import RunId
from ompycord.domain.ports import Surfaces
from ompycord.domain.records import Surface
from ompycord.errors import StorageError
from ompycord.telemetry import get_logger

__all__ = ["RemovedMessages"]

log = get_logger(__name__)


class RemovedMessages:
    """Those that were not seen to yet, ours or not."""

    def __init__(
        self,
        *,
        store: Surfaces,
        renderer: MessageRenderer,
        questions: AskAgain,
        refresher: Refresher,
        changes: ChangedRuns,
    ) -> None:
        self._store = store
        self._renderer = renderer
        self._questions = questions
        self._refresher = refresher
        self._changes = changes
        self._messages: list[str] = []

    def add(self, message: str) -> None:
        """Note that this one was deleted."""
        self._messages.append(message)

    @property
    def is_left(self) -> bool:
        """Whether some wait for the database."""
        return bool(self._messages)

    async def take(self) -> bool:
        """Ask again at once what they asked; where one was the result, the card is whole again.

        Whether something waits in the outbox. A database that refuses is asked again at the next call.
        """
        is_queued = False
        while self._messages:
            message = self._messages[0]
            try:
                is_queued = await self._handle(message) or is_queued
            except StorageError as error:
                log.warning("live.waits", cause=str(error))
                return is_queued
            except Exception:
                log.exception("live.failed", message=message)
            del self._messages[0]
        return is_queued

    async def _handle(self, message: str) -> bool:
        record = await self._store.run_of_surface(message)
        run_view = None if record is None else await self._renderer.view(RunId(record.id))
        if run_view is None:
            return False
        is_queued = await self._questions.ask(run_view, partial(_is_message, message))
        if await self._refresher.forget_result(run_view, message):
            self._changes.happened([run_view.run])
        return is_queued


def _is_message(message: str, surface: Surface) -> bool:
    return surface.message == message
