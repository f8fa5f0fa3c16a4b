"""Links to a page on which one person gives one secret: each works once, for ten minutes. In memory alone.

Counterparts: `webhook/secret_page.py`, the page, and `bot/commands/waiting/secret.py`, which sends a link privately.
"""

import hashlib
from dataclasses import dataclass
from typing import Final

from ompycord.domain.access import Person
from ompycord.domain.base import Millis
from ompycord.domain.ids import RunId
from ompycord.domain.ports import Clock, Ids

__all__ = ["VALID_MS", "SecretLink", "SecretLinks"]

VALID_MS: Final = 10 * 60 * 1000
_MOST: Final = 500
"""Links that are kept; the oldest goes first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretLink:
    """For whom, for what, until when."""

    run: RunId
    question: str
    """The request, by the name of its question."""
    name: str
    """The secret's."""
    text: str
    """What the agent asks."""
    title: str
    """The run's."""
    person: Person
    until: Millis
    hosts: tuple[str, ...] = ()
    """For whose requests it can be given, in place of to the agent."""


class SecretLinks:
    """One for the process. A restart forgets them: the button in Discord makes another."""

    def __init__(self, *, clock: Clock, ids: Ids) -> None:
        self._clock = clock
        self._ids = ids
        self._open: dict[str, SecretLink] = {}

    @property
    def until(self) -> Millis:
        """Until when a link works that is made now."""
        return self._clock.now_ms() + VALID_MS

    def mint(self, link: SecretLink) -> str:
        """The secret part of a link; an earlier one of the same person for the same request works no more."""
        now, same = self._clock.now_ms(), (link.run, link.question, link.person.id)
        kept = {
            digest: one
            for digest, one in self._open.items()
            if one.until > now and (one.run, one.question, one.person.id) != same
        }
        token = self._ids.token()
        self._open = {**dict(list(kept.items())[1 - _MOST :]), _digest(token): link}
        return token

    def find(self, token: str) -> SecretLink | None:
        """What a link is for; None for one that was used, is too old, or never was."""
        found = self._open.get(_digest(token))
        return found if found is not None and found.until > self._clock.now_ms() else None

    def take(self, token: str) -> SecretLink | None:
        """The same, and it works no more."""
        found = self.find(token)
        if found is not None:
            del self._open[_digest(token)]
        return found

    def put_back(self, token: str, link: SecretLink) -> None:
        """It was not used after all, since nothing was given."""
        self._open[_digest(token)] = link


def _digest(token: str) -> str:
    """What is kept of a link: a picture of this process's memory does not open the page."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
