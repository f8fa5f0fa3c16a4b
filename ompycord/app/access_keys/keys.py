"""Making, listing, revoking and rotating keys; counterpart of `ompycord keys` and of the sidecar's KeyRing.

The same operations run inside `up` (asked through the control socket) and in a command that holds the data folder
itself.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Protocol, Self, TypeVar

from pydantic import Field, ValidationError, field_validator

from ompycord.app.access_keys.key_secrets import KeySecrets
from ompycord.app.control import Operation
from ompycord.domain.base import Frozen, Millis
from ompycord.domain.ports import AuditTrail, Clock, Decisions, Ids, KeyStore
from ompycord.domain.records import CLIENT_SCOPES, Commit, KeyRecord, Scope
from ompycord.errors import RefusedInWords, StorageError
from ompycord.http import mint_bearer, mint_hmac

__all__ = ["AddKey", "KeyView", "Keys", "KeysStore", "MadeKey", "RotateKey", "WhichKey"]

LONGEST_S = 10 * 365 * 24 * 3600
"""Longest life or overlap that is taken."""

RequestT = TypeVar("RequestT", bound=Frozen)
KeyName = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")]
Lifetime = Annotated[int, Field(ge=1, le=LONGEST_S)]


class AddKey(Frozen):
    """A new key."""

    name: KeyName
    kind: Literal["bearer", "hmac"] = "bearer"
    scopes: Annotated[frozenset[Scope], Field(min_length=1)] = frozenset({Scope.EVENTS_WRITE, Scope.RUNS_CREATE})
    channel: Annotated[str, Field(pattern=r"^[0-9]{1,20}$")] | None = None
    """The Discord channel in which its runs are shown."""
    owner: Annotated[str, Field(pattern=r"^[0-9]{15,20}$")] | None = None
    """The Discord user who owns the key: its runs notify them, and they may answer."""
    lifetime_s: Lifetime | None = None

    @field_validator("scopes")
    @classmethod
    def _opens_something(cls, scopes: frozenset[Scope]) -> frozenset[Scope]:
        if scopes - CLIENT_SCOPES:
            raise ValueError("the tools of mcp need a run's own key, which its agent gets by itself: leave mcp out")
        return scopes


class WhichKey(Frozen):
    """A key by its id or its name."""

    key: Annotated[str, Field(min_length=1, max_length=100)]


class RotateKey(WhichKey):
    """A successor; the old key works for `overlap_s` more."""

    overlap_s: Annotated[int, Field(ge=0, le=LONGEST_S)] = 24 * 3600


class KeyFilter(Frozen):
    """Which keys are listed."""

    with_runs: bool = False
    """Also the keys that runs were given, which end by themselves."""


class KeyView(Frozen):
    """The part of a key that may be shown: never a secret."""

    id: str
    name: str
    kind: str
    scopes: tuple[Scope, ...]
    state: Literal["active", "expired", "revoked"]
    channel: str | None = None
    owner: str | None = None
    run: str | None = None
    created_at: datetime
    expires_at: datetime | None = None

    @classmethod
    def of(cls, record: KeyRecord, *, now_ms: Millis) -> Self:
        """The view of a key at `now_ms`."""
        is_over = record.expires_at is not None and record.expires_at <= now_ms
        return cls(
            id=record.id,
            name=record.name,
            kind=record.kind,
            scopes=tuple(sorted(record.scopes)),
            state="revoked" if record.revoked_at is not None else "expired" if is_over else "active",
            channel=record.channel,
            owner=record.owner,
            run=record.run,
            created_at=_time(record.created_at),
            expires_at=None if record.expires_at is None else _time(record.expires_at),
        )


class MadeKey(Frozen):
    """A new key with its secret, which is shown only this once."""

    key: KeyView
    secret: str
    replaces: KeyView | None = None


class KeysStore(KeyStore, AuditTrail, Decisions, Protocol):
    """Keys, read and written, and the audit of it."""


class Keys:
    """Changes keys.

    Each change is stored and audited, then `changed` updates the running KeyRing before the call returns.
    """

    def __init__(
        self, *, store: KeysStore, secrets: KeySecrets, clock: Clock, ids: Ids, changed: Callable[[], Awaitable[None]]
    ) -> None:
        self._store = store
        self._secrets = secrets
        self._clock = clock
        self._ids = ids
        self._changed = changed
        self._one_at_a_time = asyncio.Lock()

    def operations(self) -> dict[str, Operation]:
        """The operations by the names that the control socket uses."""

        async def add(arguments: dict[str, Any]) -> Any:
            return _plain(await self.add(_validated(AddKey, arguments)))

        async def list_(arguments: dict[str, Any]) -> Any:
            return [_plain(view) for view in await self.list(_validated(KeyFilter, arguments))]

        async def revoke(arguments: dict[str, Any]) -> Any:
            return [_plain(view) for view in await self.revoke(_validated(WhichKey, arguments))]

        async def rotate(arguments: dict[str, Any]) -> Any:
            return _plain(await self.rotate(_validated(RotateKey, arguments)))

        table: dict[str, Operation] = {
            "keys.add": add,
            "keys.list": list_,
            "keys.revoke": revoke,
            "keys.rotate": rotate,
        }
        return {name: self._alone(operation) for name, operation in table.items()}

    def _alone(self, operation: Operation) -> Operation:
        """Run one change after another: between reading and writing no other change is made."""

        async def alone(arguments: dict[str, Any]) -> Any:
            async with self._one_at_a_time:
                return await operation(arguments)

        return alone

    async def list(self, which: KeyFilter) -> list[KeyView]:
        """The keys, oldest first, without revoked ones."""
        now = self._clock.now_ms()
        records = await self._store.keys()
        return [KeyView.of(record, now_ms=now) for record in records if record.run is None or which.with_runs]

    async def add(self, request: AddKey) -> MadeKey:
        """Raises Refused when an active key has this name."""
        now = self._clock.now_ms()
        if any(_is_active(record, now) and record.name == request.name for record in await self._store.keys()):
            raise RefusedInWords(
                f"There is a key named {request.name} already: choose another name, or rotate that key."
            )
        expires_at = None if request.lifetime_s is None else now + request.lifetime_s * 1000
        record, secret = self._mint(
            request.kind, request.name, request.scopes, request.channel, request.owner, expires_at
        )
        await self._keep(record, secret, action="key.added")
        return MadeKey(key=KeyView.of(record, now_ms=now), secret=secret)

    async def revoke(self, request: WhichKey) -> tuple[KeyView, ...]:
        """Revoke a key from now on; by its name every key of that name, since a rotated one shares it.

        Raises Refused when there is no such key.
        """
        now = self._clock.now_ms()
        ended = [record.model_copy(update={"revoked_at": now}) for record in await self._all_of(request.key)]
        await self._store.commit(Commit(writes=tuple(ended)))
        for record in ended:
            await self._audit("key.revoked", record)
        await self._changed()
        for record in ended:
            self._secrets.drop(record.id)
        return tuple(KeyView.of(record, now_ms=now) for record in ended)

    async def rotate(self, request: RotateKey) -> MadeKey:
        """Replace a key by one with another id and secret and the same name, scopes, channel and owner.

        By a name that a rotated key and its successors share it is the newest of them. Raises Refused.
        """
        now = self._clock.now_ms()
        old = (await self._all_of(request.key))[-1]
        if old.run is not None:
            raise RefusedInWords("This key belongs to a run and ends with it: it cannot be rotated.")
        if not _is_active(old, now):
            raise RefusedInWords("This key has expired: add a new one instead.")
        lifetime = None if old.expires_at is None else old.expires_at - old.created_at
        record, secret = self._mint(
            old.kind, old.name, old.scopes, old.channel, old.owner, None if lifetime is None else now + lifetime
        )
        until = now + request.overlap_s * 1000
        ending = old.model_copy(
            update={"expires_at": min(until, old.expires_at or until)} if request.overlap_s else {"revoked_at": now}
        )
        await self._keep(record, secret, action="key.rotated", ending=ending)
        if not request.overlap_s:
            self._secrets.drop(old.id)
        return MadeKey(key=KeyView.of(record, now_ms=now), secret=secret, replaces=KeyView.of(ending, now_ms=now))

    def _mint(
        self,
        kind: str,
        name: str,
        scopes: frozenset[Scope],
        channel: str | None,
        owner: str | None,
        expires_at: Millis | None,
    ) -> tuple[KeyRecord, str]:
        mint = mint_bearer if kind == "bearer" else mint_hmac
        now = self._clock.now_ms()
        record, secret = mint(ids=self._ids, now_ms=now, name=name, scopes=scopes, channel=channel, owner=owner)
        return record.model_copy(update={"expires_at": expires_at}), secret

    async def _keep(self, record: KeyRecord, secret: str, *, action: str, ending: KeyRecord | None = None) -> None:
        """Write the secret first: a stored key without one would be useless, a file without a key is harmless."""
        if record.kind == "hmac":
            try:
                await asyncio.to_thread(self._secrets.put, record.id, secret)
            except OSError as error:
                raise StorageError(
                    f"The key's secret cannot be kept ({error.strerror}): nothing was changed."
                ) from None
        try:
            await self._store.commit(Commit(writes=(*((record,) if ending is None else (record, ending)),)))
        except StorageError:
            self._secrets.drop(record.id)
            raise
        await self._audit(action, record, **({} if ending is None else {"replaces": ending.id}))
        await self._changed()

    async def _audit(self, action: str, record: KeyRecord, **more: str) -> None:
        detail = {"name": record.name, "kind": record.kind, "scopes": " ".join(sorted(record.scopes)), **more}
        await self._store.audit(
            actor="command line", action=action, subject=record.id, detail=detail, at=self._clock.now_ms()
        )

    async def _all_of(self, text: str) -> Sequence[KeyRecord]:
        """The key with this id, else every key of this name that still works, oldest first, else its last.

        Raises Refused.
        """
        records = await self._store.keys()
        found = [record for record in records if record.id == text] or [
            record for record in records if record.name == text and record.run is None
        ]
        now = self._clock.now_ms()
        if len(found) > 1:  # a rotated key and its successors share a name
            found = [record for record in found if _is_active(record, now)] or found[-1:]
        if not found:
            raise RefusedInWords("No such key: `ompycord keys list` shows them.")
        return found


def _is_active(record: KeyRecord, now_ms: Millis) -> bool:
    return record.revoked_at is None and (record.expires_at is None or record.expires_at > now_ms)


def _time(at: Millis) -> datetime:
    return datetime.fromtimestamp(at / 1000, UTC)


def _plain(model: Frozen) -> dict[str, Any]:
    return model.model_dump(mode="json")


def _validated(model: type[RequestT], arguments: dict[str, Any]) -> RequestT:
    try:
        return model.model_validate(arguments)
    except ValidationError as error:
        raise RefusedInWords(_sentence(error)) from None


def _sentence(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    return f"{'.'.join(map(str, first['loc'])) or 'arguments'}: {first['msg'].removeprefix('Value error, ')}"
