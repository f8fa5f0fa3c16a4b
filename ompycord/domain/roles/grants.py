"""Roles that an admin gives or takes at run time, in a server, a repository or a channel; pure.

Counterparts: `access.py`, the roles of the settings, and `conductor/roles/book.py`, which keeps both together.
"""

from collections.abc import Iterable
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Field

from ompycord.domain.access import Access, ScopeNames, ScopeRoles, Snowflake
from ompycord.domain.base import Frozen, Millis

__all__ = ["GrantKey", "RoleGrant", "RoleWord", "with_grants"]

RoleWord = Literal["none", "viewer", "runner", "approver", "admin"]
Where = Literal["server", "repository", "channel"]
Kind = Literal["user", "role"]


class GrantKey(NamedTuple):
    """What a grant is about: one person or role in one place has one."""

    guild: str
    place: Where
    name: str
    kind: Kind
    subject: str


class RoleGrant(Frozen):
    """A role that was given at run time; *none* takes away what the settings give there."""

    guild: Snowflake
    place: Where
    name: Annotated[str, Field(max_length=100)] = ""
    """The repository's name or the channel's id; empty for the server."""
    kind: Kind
    """Whether it is about a person or about a role of Discord."""
    subject: Snowflake
    """The Discord id of that person or role."""
    role: RoleWord
    by: str
    by_name: str
    at: Millis

    @property
    def key(self) -> GrantKey:
        """What it is about."""
        return GrantKey(self.guild, self.place, self.name, self.kind, self.subject)


def with_grants(access: Access, grants: Iterable[RoleGrant], *, guild: str) -> Access:
    """The roles of the settings with what was given and taken in a server at run time, which counts more."""
    servers, repositories, channels = dict(access.servers), dict(access.repositories), dict(access.channels)
    for grant in grants:
        if grant.guild != guild:
            continue
        places, name = {
            "server": (servers, guild),
            "repository": (repositories, grant.name),
            "channel": (channels, grant.name),
        }[grant.place]
        places[name] = _given(places.get(name, ScopeRoles()), grant)
    return access.model_copy(update={"servers": servers, "repositories": repositories, "channels": channels})


def _given(scope: ScopeRoles, grant: RoleGrant) -> ScopeRoles:
    kind = f"{grant.kind}s"
    before: ScopeNames = getattr(scope, kind)
    names: dict[str, Any] = {
        word: tuple(one for one in ids if one != grant.subject) for word, ids in before.model_dump().items()
    }
    names[grant.role] = (*names[grant.role], grant.subject)
    return scope.model_copy(update={kind: ScopeNames(**names)})
