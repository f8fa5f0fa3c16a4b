"""What was written below each live card, so that one that is out of sight comes back to the end of its thread.

Counterpart: `rollover.py`, which asks. Only memory and counting: Discord shows no text of people's without the
privileged intent, so eight messages bury a card whatever they say.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from ompycord.bot.rest import Written
from ompycord.domain.ids import RunId

__all__ = ["CHARACTERS", "SCROLLED_OUT_BY", "MessagesBelow"]

SCROLLED_OUT_BY: Final = 8
"""Messages: about what a laptop's window shows below a card."""
CHARACTERS: Final = 2500
"""The same as text, as far as it is seen: our own long messages, and people's with the intent."""


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
    """Counts in the threads of runs that were looked at since the connection began; other channels cost nothing."""

    def __init__(self) -> None:
        self._threads: dict[str, _Watched] = {}

    def track(self, thread: str, run: RunId, card: str) -> bool:
        """This is the live card now. False where nobody knows what was written since: then `learn` must follow."""
        watched = self._threads.get(thread)
        if watched is None or watched.card > int(card):
            return False
        if watched.card != int(card):
            watched.messages = {id_: size for id_, size in watched.messages.items() if id_ > int(card)}
            watched.card = int(card)
        return watched.run == run

    def learn(self, thread: str, run: RunId, card: str, written: Iterable[Written]) -> None:
        """What a look into the thread found below the card."""
        self._threads[thread] = _Watched(run, int(card), {int(one.id): one.characters for one in written})

    def received(self, thread: str, message: Written) -> RunId | None:
        """Somebody wrote. The run whose card lies too deep now, if that is so."""
        watched = self._threads.get(thread)
        if watched is None or int(message.id) <= watched.card:
            return None
        if not watched.is_scrolled_out:  # more is not kept: that it is buried says all
            watched.messages[int(message.id)] = message.characters
        return watched.run if watched.is_scrolled_out else None

    def deleted(self, thread: str, message: str) -> None:
        """A message was deleted."""
        watched = self._threads.get(thread)
        if watched is not None:
            watched.messages.pop(int(message), None)

    def is_scrolled_out(self, thread: str) -> bool:
        """Whether the live card of this thread is out of sight."""
        watched = self._threads.get(thread)
        return watched is not None and watched.is_scrolled_out

    def forget(self, thread: str) -> None:
        """Its run is over."""
        self._threads.pop(thread, None)

    def forget_all(self) -> None:
        """The gateway began anew, and what it told nobody of in between is not known."""
        self._threads.clear()
