"""The roles that hold now: those of the settings with those that admins gave at run time.

Counterparts: `domain/roles/grants.py`, which puts them together, and `present.py`, which asks Discord for a member.
"""

from collections.abc import Sequence

from ompycord.domain.access import Access, Person, Role
from ompycord.domain.policy import Denied, authorize
from ompycord.domain.ports.people import RoleGrants
from ompycord.domain.refusals import RefusalCode
from ompycord.domain.roles.grants import GrantKey, RoleGrant, with_grants
from ompycord.errors import Refused

__all__ = ["RoleBook"]


class RoleBook:
    """In memory whole, since every click asks it; `refresh` reads the rows."""

    def __init__(self, *, configured: Access, rows: RoleGrants) -> None:
        self._configured = configured
        self._rows = rows
        self._grants: dict[GrantKey, RoleGrant] = {}
        self._by_guild: dict[str, Access] = {}

    async def refresh(self) -> None:
        """Read what was given. Raises StorageError."""
        self._grants = {grant.key: grant for grant in await self._rows.role_grants()}
        self._by_guild = {}

    def access(self, guild: str | None) -> Access:
        """The roles of a server, by place; those of the settings alone where no server is known."""
        if guild is None:
            return self._configured
        if guild not in self._by_guild:
            self._by_guild[guild] = with_grants(self._configured, self._grants.values(), guild=guild)
        return self._by_guild[guild]

    def grants(self, guild: str) -> Sequence[RoleGrant]:
        """What was given at run time in a server, oldest first."""
        return sorted((one for one in self._grants.values() if one.guild == guild), key=lambda one: one.at)

    async def give(self, grant: RoleGrant, person: Person, *, own_roles: Sequence[str]) -> None:
        """Give a role, or *none*. `own_roles` are the admin's own roles of Discord.

        Raises Refused for whoever is no admin of the server, and for what would leave that admin none.
        """
        _require_admin(person)
        changed = {**self._grants, grant.key: grant}
        self._require_remains(changed, grant.guild, person, own_roles)
        await self._rows.put_role_grant(grant)
        self._grants[grant.key] = grant
        self._by_guild.pop(grant.guild, None)

    async def take_back(self, grant: RoleGrant, person: Person, *, own_roles: Sequence[str]) -> bool:
        """Forget what was given, so that the settings hold again; whether there was something. Raises Refused."""
        _require_admin(person)
        changed = {key: one for key, one in self._grants.items() if key != grant.key}
        self._require_remains(changed, grant.guild, person, own_roles)
        was_there = await self._rows.drop_role_grant(grant)
        self._grants.pop(grant.key, None)
        self._by_guild.pop(grant.guild, None)
        return was_there

    def _require_remains(
        self, grants: dict[GrantKey, RoleGrant], guild: str, person: Person, own_roles: Sequence[str]
    ) -> None:
        """So there is always an admin left: the one who makes the change."""
        after = with_grants(self._configured, grants.values(), guild=guild)
        left = after.person(person.id, person.name, own_roles, guild=guild)
        if isinstance(authorize(left, "admin"), Denied):
            raise Refused(RefusalCode.OWN_ADMIN)


def _require_admin(person: Person) -> None:
    if isinstance(authorize(person, "admin"), Denied):
        raise Refused(RefusalCode.NEEDS_ROLE, needs=Role.ADMIN.word, who="an admin")
