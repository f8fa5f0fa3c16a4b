"""What the command line asks about the team: `policy` and `person`.

It works here or in the running process, as `keys` and `runs`.
"""

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import Field, ValidationError

from ompycord.app.control import Operation
from ompycord.app.team.person import PersonData
from ompycord.backup.options import BackupOptions
from ompycord.domain.access import SNOWFLAKE
from ompycord.domain.base import Frozen
from ompycord.domain.ports.people import RoleGrants
from ompycord.errors import RefusedInWords

__all__ = ["TeamOperations"]


class _Who(Frozen):
    person: Annotated[str, Field(pattern=SNOWFLAKE)]
    by: Annotated[str, Field(min_length=1, max_length=64)] = "command line"
    names: tuple[Annotated[str, Field(min_length=1, max_length=100)], ...] = ()
    """More names of theirs."""
    backup: BackupOptions = BackupOptions()
    """For a process of its own, which has no settings."""


class TeamOperations:
    """Reads roles that were given; reads and erases people."""

    def __init__(self, *, roles: RoleGrants, people: Callable[[BackupOptions], PersonData]) -> None:
        self._roles = roles
        self._people = people

    def operations(self) -> dict[str, Operation]:
        """The operations by the names that the control socket uses."""
        return {"roles.grants": self._grants, "person.export": self._export, "person.erase": self._erase}

    async def _grants(self, arguments: dict[str, Any]) -> list[dict[str, Any]]:
        return [grant.model_dump() for grant in await self._roles.role_grants()]

    async def _export(self, arguments: dict[str, Any]) -> dict[str, Any]:
        who = _read(arguments)
        return await self._people(who.backup).export(who.person)

    async def _erase(self, arguments: dict[str, Any]) -> dict[str, Any]:
        who = _read(arguments)
        return await self._people(who.backup).erase(who.person, by=who.by, names=who.names)


def _read(arguments: dict[str, Any]) -> _Who:
    try:
        return _Who.model_validate(arguments)
    except ValidationError:
        raise RefusedInWords("Give the Discord id of a person: 15 to 20 digits (Discord: Copy User ID).") from None
