"""Ports of people's settings and roles, keys and the audit; the rules of `store.py` hold here too."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from ompycord.domain.auditing.anchors import Anchor
from ompycord.domain.auditing.chain import AuditRow, ChainReport
from ompycord.domain.base import Frozen, Millis
from ompycord.domain.person_settings import PersonSettings
from ompycord.domain.records import (
    KeyRecord,
)
from ompycord.domain.roles.grants import RoleGrant

__all__ = ["AuditReader", "AuditTrail", "FoundMember", "KeyStore", "Members", "PeopleSettings", "RoleGrants"]


class PeopleSettings(Protocol):
    """What people chose for themselves."""

    async def person_settings(self, person: str) -> PersonSettings:
        """What the person with this Discord id chose; the defaults where they never did."""
        ...

    async def save_person_settings(self, person: str, settings: PersonSettings, *, at: Millis) -> None:
        """Keep what a person chose at `at`, in place of what they chose before."""
        ...


class KeyStore(Protocol):
    """The keys of senders."""

    async def keys(self) -> list[KeyRecord]:
        """All keys that are not revoked, oldest first, without those of runs that have ended.

        The sidecar holds them in memory, so failed authentication costs no database access.
        """
        ...


class AuditTrail(Protocol):
    """The hash chain of what people did."""

    async def audit(self, *, actor: str, action: str, subject: str, detail: Mapping[str, str], at: Millis) -> None:
        """Add one link for an action that is no decision about a run: who did what to what, at `at`."""
        ...

    async def verify_audit(self) -> int:
        """Recompute every link; their number. Raises StorageError naming the first that is wrong."""
        ...


class AuditReader(Protocol):
    """The chain as it is read and checked."""

    async def check_audit(self, anchors: Sequence[Anchor] = (), *, key: bytes | None = None) -> ChainReport:
        """Check every link and every anchor, and say what is wrong. `key`: by which signed rows are believed."""
        ...

    async def audit_rows(self, *, after: int, limit: int) -> list[AuditRow]:
        """Links behind this number, in order, also those in files. Raises StorageError where such a file is gone."""
        ...

    async def audit_of(self, subject: str, *, since: Millis = 0) -> list[AuditRow]:
        """The links about a run or another subject, in order; none of them is older than `since`.

        Raises StorageError where they moved into a file that is gone.
        """
        ...

    async def audit_tail(self) -> tuple[int, str] | None:
        """Number and hash of the last link; None of an empty chain."""
        ...


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
