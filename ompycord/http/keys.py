"""The keys that the sidecar accepts, held in memory; counterpart of the `api_keys` table and of `ompycord keys`.

Failed authentication costs no database access: a change of a key calls `KeySet.replace`.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ompycord.domain.authority import SourceKind
from ompycord.domain.base import Millis
from ompycord.domain.ids import RunId
from ompycord.domain.policy import KeyActor, is_allowed
from ompycord.domain.ports import Clock, Ids
from ompycord.domain.records import KeyRecord, Scope
from ompycord.http.signature import parse_secret, verify

__all__ = ["SHARED_KEY", "Key", "KeySet", "mint_bearer", "mint_hmac"]

SHARED_KEY = "shared"
"""The id of `OMP_WEBHOOK_SECRET`; made ids have eight characters, so none is equal."""
SHARED_SCOPES = frozenset({Scope.EVENTS_WRITE, Scope.RUNS_CREATE})
"""It may create and feed external runs, never hosted ones."""

_BEARER = re.compile(r"ompk_([a-z0-9]{8})_[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class Key:
    """What an authenticated request may do, and as whom."""

    id: str
    scopes: frozenset[Scope]
    run: RunId | None = None
    channel: str | None = None
    owner: str | None = None
    expires_at: Millis | None = None
    actor: KeyActor = field(init=False, compare=False)
    """The actor, for `domain.policy`; made once, since each request asks for it."""
    kind: SourceKind = field(init=False, compare=False)
    """The kind of source.

    A key that is bound to a run speaks for that run's agent; any other feeds external runs.
    """
    may_create: bool = field(init=False, compare=False)
    """Whether its events may begin a run (scope `runs:create`)."""

    def __post_init__(self) -> None:
        actor = KeyActor(self.scopes, self.run)
        object.__setattr__(self, "actor", actor)
        object.__setattr__(self, "kind", actor.kind)
        object.__setattr__(self, "may_create", is_allowed(actor, Scope.RUNS_CREATE))


class KeySet:
    """Every active key. `replace` swaps all of them at once."""

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock
        self._bearers: dict[str, tuple[bytes, Key]] = {}
        self._signers: list[Key] = []
        self._secrets: list[bytes] = []
        self._shared: tuple[bytes, Key] | None = None

    def replace(
        self,
        records: Iterable[KeyRecord],
        *,
        hmac_secrets: Mapping[str, bytes],
        shared_secret: str | None = None,
        shared_channel: str | None = None,
    ) -> None:
        """Replace the keys. `hmac_secrets` by key id; `shared_secret` is the text of OMP_WEBHOOK_SECRET.

        A record of kind hmac without its secret authenticates nothing. Raises ConfigurationError for a shared secret
        too short.
        """
        bearers: dict[str, tuple[bytes, Key]] = {}
        signers: list[tuple[Key, bytes]] = []
        shared: tuple[bytes, Key] | None = None
        if shared_secret is not None:
            key = Key(SHARED_KEY, SHARED_SCOPES, channel=shared_channel)
            signers.append((key, parse_secret(shared_secret)))
            shared = (hashlib.sha256(shared_secret.encode("utf-8", "surrogatepass")).digest(), key)
        for record in records:
            if record.revoked_at is not None:
                continue
            key = Key(record.id, record.scopes, record.run, record.channel, record.owner, record.expires_at)
            if record.kind == "bearer" and record.sha256 is not None:
                bearers[record.id] = (bytes.fromhex(record.sha256), key)
            elif record.kind == "hmac" and record.id in hmac_secrets:
                signers.append((key, hmac_secrets[record.id]))
        self._bearers = bearers
        self._signers = [key for key, _ in signers]
        self._secrets = [secret for _, secret in signers]
        self._shared = shared

    def by_signature(self, *, webhook_id: str, timestamp: str, signature: str, body: bytes) -> Key | None:
        """The key that signed this request, if it is active."""
        index = verify(
            self._secrets,
            webhook_id=webhook_id,
            timestamp=timestamp,
            signature=signature,
            body=body,
            now_s=self._clock.now_ms() / 1000,
        )
        return None if index is None else self._active(self._signers[index])

    def by_bearer(self, token: str, *, is_local: bool) -> Key | None:
        """The key of a bearer token, if it is active.

        The shared secret is accepted only where it cannot have been overheard.
        """
        digest = hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
        match = _BEARER.fullmatch(token)
        known = self._bearers.get(match[1]) if match else self._shared if is_local else None
        if known is None or not hmac.compare_digest(known[0], digest):
            return None
        return self._active(known[1])

    def holds(self, key: Key) -> bool:
        """Whether a key that was accepted is still active: neither replaced nor expired."""
        bearer = self._bearers.get(key.id)
        is_there = (bearer is not None and bearer[1] == key) or key in self._signers
        return is_there and self._active(key) is not None

    def _active(self, key: Key) -> Key | None:
        return key if key.expires_at is None or self._clock.now_ms() < key.expires_at else None


def mint_bearer(
    *,
    ids: Ids,
    now_ms: Millis,
    name: str,
    scopes: Iterable[Scope],
    run: RunId | None = None,
    channel: str | None = None,
    owner: str | None = None,
    expires_at: Millis | None = None,
) -> tuple[KeyRecord, str]:
    """A new key for the `Authorization` header.

    The record to store, and `ompk_<id8>_<43>`, shown once and stored nowhere.
    """
    key_id = ids.ulid()[-8:].lower()
    token = f"ompk_{key_id}_{ids.token()}"
    record = KeyRecord(
        id=key_id,
        name=name,
        kind="bearer",
        sha256=hashlib.sha256(token.encode()).hexdigest(),
        scopes=frozenset(scopes),
        run=run,
        channel=channel,
        owner=owner,
        created_at=now_ms,
        expires_at=expires_at,
    )
    return record, token


def mint_hmac(
    *,
    ids: Ids,
    now_ms: Millis,
    name: str,
    scopes: Iterable[Scope],
    channel: str | None = None,
    owner: str | None = None,
) -> tuple[KeyRecord, str]:
    """A new signing key: the record to store, and its `whsec_` secret, which belongs into the data folder."""
    secret = base64.b64encode(base64.urlsafe_b64decode(f"{ids.token()}=")).decode()
    record = KeyRecord(
        id=ids.ulid()[-8:].lower(),
        name=name,
        kind="hmac",
        scopes=frozenset(scopes),
        channel=channel,
        owner=owner,
        created_at=now_ms,
    )
    return record, f"whsec_{secret}"
