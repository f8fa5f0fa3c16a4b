"""The role that a person has at the moment at which something of theirs is used, as Discord says it.

What waits may wait for days: a queued message, a typed answer, a first vote, a permission. Counterparts: `book.py`, the
roles, and `domain/ports/people.py`, by which Discord is asked.
"""

import re
from typing import Final

from ompycord.conductor.roles.book import RoleBook
from ompycord.domain.access import SNOWFLAKE, Person, Role
from ompycord.domain.policy import Circumstances, is_allowed, resource_of
from ompycord.domain.ports.people import Members
from ompycord.domain.risk.deciders import DecisionRule
from ompycord.domain.run import RunRecord
from ompycord.errors import UnavailableError

__all__ = ["PresentRoles"]

_ID: Final = re.compile(SNOWFLAKE)


class PresentRoles:
    """Answers for one person in one server; nothing is decided here."""

    def __init__(self, *, book: RoleBook, members: Members | None) -> None:
        """`members` is None where no bot runs: then nobody's role can have changed."""
        self._book = book
        self._members = members

    async def person(self, guild: str | None, person: str, name: str) -> Person | None:
        """Who that is now, with the role of now; none for whoever left. None for who is not known by a Discord id.

        Those are programs, and people of the command line. Raises UnavailableError while Discord does not answer.
        """
        if self._members is None or not guild or _ID.match(person) is None:
            return None
        found = await self._members.member(guild, person)
        if found is None:
            return Person(id=person, name=name, role=Role.NONE)
        return self._book.access(guild).person(person, name, found.roles, guild=guild)

    async def has_lost(
        self, record: RunRecord, person: str, name: str, action: str, *, rule: DecisionRule | None = None
    ) -> bool:
        """Whether a person may not do this to a run any more. An outage takes nothing from anybody."""
        try:
            now = await self.person(record.guild, person, name)
        except UnavailableError:
            return False
        return now is not None and not is_allowed(now, action, resource_of(record), Circumstances(rule=rule))
