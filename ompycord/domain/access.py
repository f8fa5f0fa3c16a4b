"""Which role a person has, and what each role may do.

Roles are mapped from Discord's user and role ids; who is not mapped may do nothing.
docs/contracts/commands-and-buttons.md, *Roles*: viewer < runner < approver < admin, and who may do which.
"""

from collections.abc import Iterable
from enum import IntEnum
from typing import Annotated, Final

from pydantic import Field, StringConstraints

from ompycord.domain.base import Frozen

__all__ = ["ACTIONS", "SNOWFLAKE", "Access", "Person", "Role", "RoleNames"]

SNOWFLAKE: Final = r"^[0-9]{15,20}$"
Snowflake = Annotated[str, StringConstraints(pattern=SNOWFLAKE)]
Login = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}(\[bot\])?$")]
"""An account on a forge."""


class Role(IntEnum):
    """What a person may do here; each role includes those below it."""

    NONE = 0
    VIEWER = 1
    RUNNER = 2
    APPROVER = 3
    ADMIN = 4

    @property
    def word(self) -> str:
        """As settings, facts of refusals and people name it: `runner`."""
        return self.name.lower()


class RoleNames(Frozen):
    """Discord ids for each role."""

    admin: tuple[Snowflake, ...] = ()
    approver: tuple[Snowflake, ...] = ()
    runner: tuple[Snowflake, ...] = ()
    viewer: tuple[Snowflake, ...] = ()

    def best(self, ids: Iterable[str]) -> Role:
        """The highest role that one of these ids has."""
        have = set(ids)
        for role, members in (
            (Role.ADMIN, self.admin),
            (Role.APPROVER, self.approver),
            (Role.RUNNER, self.runner),
            (Role.VIEWER, self.viewer),
        ):
            if have.intersection(members):
                return role
        return Role.NONE


class Access(Frozen):
    """The configured members of each role. Where none are configured, no one may do anything."""

    users: RoleNames = RoleNames()
    roles: RoleNames = RoleNames()
    forge: dict[Login, Snowflake] = Field(default_factory=dict[str, str])
    """People by their login on the forge: only what these write there may start something.

    Their role is the one that `users` gives; roles of Discord are not asked for.
    """

    def role_of(self, user: str, role_ids: Iterable[str]) -> Role:
        """The highest role of a member, from the interaction's own member data."""
        return max(self.users.best([user]), self.roles.best(role_ids))

    @property
    def is_empty(self) -> bool:
        """Whether no member is configured for any role."""
        return self.users == RoleNames() and self.roles == RoleNames()


class Person(Frozen):
    """A person who acts, as Discord and the access table describe them at this moment."""

    id: str
    name: Annotated[str, Field(max_length=128)]
    role: Role


class _Rule(Frozen):
    least: Role
    own: Role | None = None
    """The role that the requester of the run needs; None: the same as everybody else."""


ACTIONS: dict[str, _Rule] = {
    "use": _Rule(least=Role.VIEWER),
    "new": _Rule(least=Role.RUNNER),
    "status": _Rule(least=Role.VIEWER),
    "details": _Rule(least=Role.VIEWER),
    "say": _Rule(least=Role.RUNNER),
    "retry": _Rule(least=Role.RUNNER),
    "stop": _Rule(least=Role.APPROVER, own=Role.RUNNER),
    "resume": _Rule(least=Role.APPROVER, own=Role.RUNNER),
    "cancel": _Rule(least=Role.APPROVER, own=Role.RUNNER),
    "raise": _Rule(least=Role.APPROVER, own=Role.RUNNER),
    "answer": _Rule(least=Role.APPROVER, own=Role.RUNNER),
    "approve": _Rule(least=Role.APPROVER, own=Role.RUNNER),
    "remember": _Rule(least=Role.RUNNER),
    "forget": _Rule(least=Role.APPROVER, own=Role.RUNNER),
    "publish": _Rule(least=Role.APPROVER),
    "admin": _Rule(least=Role.ADMIN),
}
"""The action `use` is allowed to every role.

Requester, approver and admin cancel; runner and above retry; viewers see details.

The requester or an approver grants permission; a repository with the two-person rule excludes the requester.
"""
