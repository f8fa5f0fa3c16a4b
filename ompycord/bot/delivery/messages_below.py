"""What was written below each live card, so that one that is out of sight moves to the end of its thread.

Counterpart: `rollover.py`, which asks. It only counts in memory: Discord shows no text of people's without the
privileged intent, so eight messages put a card out of sight whatever their length.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from ompycord.bot.rest import Written
from ompycord.domain.ids import RunId

__all__ = ["CHARACTERS", "SCROLLED_OUT_BY", "MessagesBelow"]

SCROLLED_OUT_BY: Final = 8
"""Messages that fill about a laptop's window below a card."""
CHARACTERS: Final = 2500
"""Characters that do the same, as far as text is seen: our own long messages, and people's with the intent."""


@dataclass(slots=True)
class _Watched:
    run: RunId
    card: int
    messages: dict[int, int] = field(default_factory=dict[int, int])
    """By id, with its characters; only newer ones than the card."""

    @property
    def is_scrolled_out(self) -> bool:
        return len(self.messages) >= SCROLLED_OUT_BY or sum(self.messages.values()) >= CHARACTERS


class MessagesBelow:
    """Counts in the threads of runs that were checked since the connection began; other channels cost nothing."""

    def __init__(self) -> None:
        self._threads: dict[str, _Watched] = {}

    def track(self, thread: str, run: RunId, card: str) -> bool:
        """Watch below the live card. False where it is not known what was written since: then `learn` must follow."""
        watched = self._threads.get(thread)
        if watched is None or watched.card > int(card):
            return False
        if watched.card != int(card):
            watched.messages = {id_: size for id_, size in watched.messages.items() if id_ > int(card)}
            watched.card = int(card)
        return watched.run == run

    def learn(self, thread: str, run: RunId, card: str, written: Iterable[Written]) -> None:
        """Take what a read of the thread found below the card."""
        self._threads[thread] = _Watched(run, int(card), {int(one.id): one.characters for one in written})

    def received(self, thread: str, message: Written) -> RunId | None:
        """Count a message. The run whose card is out of sight now, if there is one."""
        watched = self._threads.get(thread)
        if watched is None or int(message.id) <= watched.card:
            return None
        if not watched.is_scrolled_out:  # more is not kept: it proves nothing further
            watched.messages[int(message.id)] = message.characters
        return watched.run if watched.is_scrolled_out else None

    def deleted(self, thread: str, message: str) -> None:
        """Note that a message was deleted."""
        watched = self._threads.get(thread)
        if watched is not None:
            watched.messages.pop(int(message), None)

    def is_scrolled_out(self, thread: str) -> bool:
        """Whether the live card of this thread is out of sight."""
        watched = self._threads.get(thread)
        return watched is not None and watched.is_scrolled_out

    def forget(self, thread: str) -> None:
        """Forget a run that has ended."""
        self._threads.pop(thread, None)

    def forget_all(self) -> None:
        """Forget all counts: the gateway started a new session, and what happened in between is not known."""
        self._threads.clear()
