"""Roles given at run time; each change is also a link of the audit, in the same transaction."""

import sqlite3
from functools import partial

from ompycord.domain.roles.grants import RoleGrant
from ompycord.store.database import StorePart
from ompycord.store.features.audit import add_audit
from ompycord.store.statements import load

__all__ = ["SqliteRoles"]

_SQL = load("roles")
_GRANTS = _SQL.one("role_grants")
_GRANT = _SQL.one("role_grant")
_PUT = _SQL.one("put_role_grant")
_DROP = _SQL.one("drop_role_grant")


class SqliteRoles(StorePart):
    """Implements `RoleGrants`."""

    async def role_grants(self) -> list[RoleGrant]:
        return await self._database.readers.all(_GRANTS, (), _grant_of)

    async def put_role_grant(self, grant: RoleGrant) -> None:
        await self._database.writer.submit(partial(_put, grant=grant))

    async def drop_role_grant(self, grant: RoleGrant) -> bool:
        return await self._database.writer.submit(partial(_drop, grant=grant))


def _grant_of(row: sqlite3.Row) -> RoleGrant:
    return RoleGrant.model_validate(dict(row))


def _put(raw: sqlite3.Connection, grant: RoleGrant) -> None:
    before = raw.execute(_GRANT, grant.key).fetchone()
    raw.execute(_PUT, grant.model_dump())
    _audit(raw, grant, action="role", role=grant.role, before="" if before is None else before["role"])


def _drop(raw: sqlite3.Connection, grant: RoleGrant) -> bool:
    before = raw.execute(_GRANT, grant.key).fetchone()
    if before is None:
        return False
    raw.execute(_DROP, grant.key)
    _audit(raw, grant, action="role", role="as configured", before=before["role"])
    return True


def _audit(raw: sqlite3.Connection, grant: RoleGrant, *, action: str, role: str, before: str) -> None:
    detail = {
        "by_name": grant.by_name, "guild": grant.guild, "place": grant.place, "name": grant.name, "kind": grant.kind,
        "role": role, "before": before,
    }  # fmt: skip
    add_audit(raw, at=grant.at, actor=grant.by, action=action, subject=grant.subject, detail=detail)
