"""Ports of roles: those given at run time, and what Discord says of a member now."""

from typing import Protocol

from ompycord.domain.base import Frozen
from ompycord.domain.roles.grants import RoleGrant

__all__ = ["FoundMember", "Members", "RoleGrants"]


class RoleGrants(Protocol):
    """The roles that were given at run time, as rows; each change is a row of the audit in the same transaction."""

    async def role_grants(self) -> list[RoleGrant]:
        """All of them."""
        ...

    async def put_role_grant(self, grant: RoleGrant) -> None:
        """Keep one, in the place of an earlier one about the same."""
        ...

    async def drop_role_grant(self, grant: RoleGrant) -> bool:
        """Forget the one about the same; whether there was one. `by`, `by_name` and `at` say who did it."""
        ...


class FoundMember(Frozen):
    """A member of a server, as Discord describes them now."""

    name: str
    roles: tuple[str, ...] = ()
    """The ids of their roles."""


class Members(Protocol):
    """Reads members of servers from Discord."""

    async def member(self, guild: str, person: str) -> FoundMember | None:
        """A member as of at most a minute ago; None for who is none. Raises UnavailableError where no one answers."""
        ...
