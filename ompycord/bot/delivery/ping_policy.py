"""Whom a message notifies, and how, by each person's own settings (`/omp settings`). Counterpart: `deliver.py`.

docs/contracts/cards.md, *Quiet hours*: quiet hours hold back everything but what only that person can answer. What is
held back is delivered without a sound.
"""

import hashlib
from typing import NamedTuple

from ompycord.bot.message_renderer import MessageRenderer
from ompycord.bot.rest import Rest, SendFailed
from ompycord.bot.run_view import RunView
from ompycord.domain.person_settings import PersonSettings, Pings
from ompycord.domain.ports import Clock, PeopleSettings
from ompycord.domain.records import OutboxKind, OutboxRow
from ompycord.render.message import RenderedMessage
from ompycord.telemetry import get_logger

__all__ = ["PingPolicy", "Ways", "ways_of"]

log = get_logger(__name__)


class Ways(NamedTuple):
    """How the people whom a message names are notified."""

    here: tuple[str, ...]
    """Mentioned where it is posted."""
    direct: tuple[str, ...]
    """Notified by a direct message."""


def ways_of(people: dict[str, PersonSettings], *, is_only_theirs: bool, at: int) -> Ways:
    """How each person is notified, by their own choice. `is_only_theirs`: no one else can answer what is asked."""
    awake = {person: own for person, own in people.items() if is_only_theirs or not own.is_quiet(at)}
    return Ways(
        here=tuple(person for person, own in awake.items() if own.pings is Pings.THREAD),
        direct=tuple(person for person, own in awake.items() if own.pings is Pings.DM),
    )


class PingPolicy:
    """Reads what people chose, sends direct messages, and decides whom the message itself may still mention."""

    def __init__(self, *, store: PeopleSettings, renderer: MessageRenderer, rest: Rest, clock: Clock) -> None:
        self._store = store
        self._renderer = renderer
        self._rest = rest
        self._clock = clock

    async def prepared(
        self, run_view: RunView, row: OutboxRow, message: RenderedMessage, channel: str
    ) -> RenderedMessage:
        """The message with the people it notifies. Raises StorageError."""
        people = {person: await self._store.person_settings(person) for person in message.mentions}
        asks = row.kind in {OutboxKind.QUESTION, OutboxKind.NOTICE}
        is_only_theirs = asks and len(people) == 1 and not message.role_mentions
        here, direct = ways_of(people, is_only_theirs=is_only_theirs, at=self._clock.now_ms())
        refused = [person for person in direct if not await self._notify(run_view, row, person, channel)]
        named = tuple(person for person in message.mentions if person in here or person in refused)
        return message.model_copy(update={"mentions": named})

    async def _notify(self, run_view: RunView, row: OutboxRow, person: str, channel: str) -> bool:
        """Whether the direct message arrived; a person who accepts none (50007) is mentioned in the thread."""
        note = self._renderer.direct(run_view, channel)
        try:
            await self._rest.send_direct(person, note, nonce=_nonce(row, person))
        except SendFailed as failed:
            log.info("ring.not_direct", run=run_view.run, reason=str(failed))
            return False
        return True


def _nonce(row: OutboxRow, person: str) -> str:
    """The nonce of one person's message about a delivery, the same at each try."""
    return hashlib.sha256(f"{row.nonce} {person}".encode()).hexdigest()[:25]
