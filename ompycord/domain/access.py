"""Which role a person has in a server, a repository and a channel, and what each role may do.

Roles are mapped from Discord's user and role ids; who is not mapped may do nothing.
docs/contracts/commands-and-buttons.md, *Roles*: viewer < runner < approver < admin, and who may do which.
"""

from collections.abc import Iterable, Iterator
from enum import IntEnum
from typing import Annotated, Final, Literal, NamedTuple

from pydantic import Field, StringConstraints

from ompycord.domain.base import Frozen

__all__ = [
    "ACTIONS",
    "SNOWFLAKE",
    "Access",
    "Login",
    "Person",
    "Places",
    "Role",
    "RoleNames",
    "RoleStep",
    "ScopeNames",
    "ScopeRoles",
]

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


class ScopeNames(RoleNames):
    """Discord ids for each role in one place; whoever is named here has this role there, be it more or less."""

    none: tuple[Snowflake, ...] = ()
    """Who has no role there."""

    def named(self, ids: Iterable[str]) -> Role | None:
        """The highest role that one of these ids has here; None where none of them is named."""
        have = tuple(ids)
        best = self.best(have)
        if best is not Role.NONE:
            return best
        return Role.NONE if set(have).intersection(self.none) else None


class RoleStep(NamedTuple):
    """What one place changes of a person's role."""

    named: Role | None = None
    """The role of who is named there."""
    most: Role | None = None
    """What everybody else has at most."""


class ScopeRoles(Frozen):
    """Roles in one server, repository or channel, where they differ from those around it."""

    users: ScopeNames = ScopeNames()
    roles: ScopeNames = ScopeNames()
    most: Literal["none", "viewer", "runner", "approver"] | None = None
    """The most that people have here whom it does not name. An admin of the server keeps that role."""

    def step(self, user: str, role_ids: Iterable[str]) -> RoleStep:
        """What it changes for a member. A line about the person counts more than one about a role of theirs."""
        own = self.users.named([user])
        named = own if own is not None else self.roles.named(role_ids)
        return RoleStep(named, None if self.most is None else Role[self.most.upper()])


def _stepped(wide: Role, steps: Iterable[RoleStep]) -> Role:
    """A role after what several places change of it: what takes away counts more than what gives."""
    found = tuple(steps)
    named = [step.named for step in found if step.named is not None]
    role = wide
    if named:
        role = min(named) if min(named) < wide else max(named)
    caps = [step.most for step in found if step.named is None and step.most is not None]
    return role if role is Role.ADMIN and wide is Role.ADMIN else min([role, *caps])


class Places(Frozen):
    """What is different for a person in repositories and channels."""

    repositories: dict[str, RoleStep] = Field(default_factory=dict[str, RoleStep])
    channels: dict[str, RoleStep] = Field(default_factory=dict[str, RoleStep])

    def role(self, wide: Role, *, repository: str | None, channel: str | None) -> Role:
        """The role in a repository and a channel of somebody who has this one in the server."""
        steps = (self.repositories.get(repository or ""), self.channels.get(channel or ""))
        return _stepped(wide, (step for step in steps if step is not None))

    def best(self, wide: Role) -> Role:
        """The highest role anywhere."""
        everywhere = (*self.repositories.values(), *self.channels.values())
        return max([wide, *(_stepped(wide, [step]) for step in everywhere)])

    @property
    def is_everywhere_the_same(self) -> bool:
        """Whether no place changes anything."""
        return not self.repositories and not self.channels


class Access(Frozen):
    """The configured members of each role. Where none are configured, no one may do anything."""

    users: RoleNames = RoleNames()
    roles: RoleNames = RoleNames()
    servers: dict[Snowflake, ScopeRoles] = Field(default_factory=dict[str, ScopeRoles])
    """What is different in one server, by its id."""
    repositories: dict[str, ScopeRoles] = Field(default_factory=dict[str, ScopeRoles])
    """What is different in one repository, by its name."""
    channels: dict[Snowflake, ScopeRoles] = Field(default_factory=dict[str, ScopeRoles])
    """What is different in one channel, by its id: for commands given there and for runs shown there."""
    forge: dict[Login, Snowflake] = Field(default_factory=dict[str, str])
    """People by their login on the forge: only what these write there may start something.

    Their role is the one that `users` gives; roles of Discord are not asked for.
    """

    def role_of(self, user: str, role_ids: Iterable[str]) -> Role:
        """The highest role of a member, from the interaction's own member data; places are not looked at."""
        return max(self.users.best([user]), self.roles.best(role_ids))

    def person(self, user: str, name: str, role_ids: Iterable[str], *, guild: str | None) -> "Person":
        """A member of a server with what they may there, from the member data of this moment."""
        roles = tuple(role_ids)
        server = self.servers.get(guild or "")
        wide = self.role_of(user, roles)
        if server is not None:
            wide = _stepped(wide, [server.step(user, roles)])
        places = Places(
            repositories={name: scope.step(user, roles) for name, scope in self.repositories.items()},
            channels={channel: scope.step(user, roles) for channel, scope in self.channels.items()},
        )
        return Person(id=user, name=name, role=wide, places=places)

    def within(
        self, *, guild: str | None = None, repository: str | None = None, channel: str | None = None
    ) -> "Access":
        """Who has which role in one place, as one table without places: to be shown, and for whom to ask."""
        found = Access(users=self.users, roles=self.roles, forge=self.forge)
        for scope in (
            self.servers.get(guild or ""), self.repositories.get(repository or ""), self.channels.get(channel or "")
        ):  # fmt: skip
            if scope is not None:
                users, roles = (_merged(getattr(found, kind), getattr(scope, kind), scope.most) for kind in _KINDS)
                found = found.model_copy(update={"users": users, "roles": roles})
        return found

    def hides(self, *, repository: str | None, channel: str | None) -> bool:
        """Whether a run of this place is not there for somebody who has a role elsewhere."""
        scopes = (self.repositories.get(repository or ""), self.channels.get(channel or ""))
        return any(one is not None and (one.most == "none" or one.users.none or one.roles.none) for one in scopes)

    @property
    def is_empty(self) -> bool:
        """Whether no member is configured for any role."""
        scopes = (*self.servers.values(), *self.repositories.values(), *self.channels.values())
        return not any(any(_ids(one)) for scope in (self, *scopes) for one in (scope.users, scope.roles))


_KINDS: Final = ("users", "roles")
_WORDS: Final = ("admin", "approver", "runner", "viewer")


def _ids(names: RoleNames) -> Iterator[str]:
    """Everybody who is named with a role."""
    return (one for word in _WORDS for one in getattr(names, word))


def _merged(wide: RoleNames, scope: ScopeNames, most: str | None) -> RoleNames:
    """The names of a place: its own, and those around it whom it does not name, with what they have at most."""
    own = {*_ids(scope), *scope.none}
    kept: dict[str, list[str]] = {word: list(getattr(scope, word)) for word in _WORDS}
    cap = Role.ADMIN if most is None else Role[most.upper()]
    for word in _WORDS:
        role = Role[word.upper()]
        left = role if role is Role.ADMIN else min(role, cap)
        if left is not Role.NONE:
            kept[left.word].extend(one for one in getattr(wide, word) if one not in own)
    return RoleNames(**{word: tuple(dict.fromkeys(ids)) for word, ids in kept.items()})


class Person(Frozen):
    """A person who acts, as Discord and the access table describe them at this moment."""

    id: str
    name: Annotated[str, Field(max_length=128)]
    role: Role
    """In the whole server."""
    places: Places = Places()

    def role_in(self, *, repository: str | None = None, channel: str | None = None) -> Role:
        """The role in a repository and a channel."""
        return self.places.role(self.role, repository=repository, channel=channel)

    @property
    def best_role(self) -> Role:
        """The highest role anywhere in the server."""
        return self.places.best(self.role)


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
