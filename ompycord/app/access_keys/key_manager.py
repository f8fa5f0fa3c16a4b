"""Keeps the keys in memory as the store has them, and makes the keys that runs are given.

Counterpart: `app/access_keys/keys.py`, which makes and ends keys for people and notifies this one.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from ompycord.app.access_keys.key_secrets import KeySecrets
from ompycord.domain.auditing.refused import RefusedAttempt
from ompycord.domain.ids import RunId
from ompycord.domain.policy import Denied, authorize
from ompycord.domain.ports import Clock, Decisions, Ids, KeyStore, RefusalNotes
from ompycord.domain.records import Commit, Scope
from ompycord.errors import StorageError
from ompycord.http import KeySet, mint_bearer, parse_secret
from ompycord.telemetry import get_logger

__all__ = ["KeyManager", "KeyManagerStore"]

REFRESH_S = 60.0

log = get_logger(__name__)


class KeyManagerStore(KeyStore, Decisions, Protocol):
    """Keys, read and written."""


class KeyManager:
    """The keys that are valid now. Call `refresh` once before they are used."""

    def __init__(
        self,
        *,
        store: KeyManagerStore,
        secrets: KeySecrets,
        clock: Clock,
        ids: Ids,
        shared_secret: str,
        sidecar_address: Callable[[], str],
        refusals: RefusalNotes,
        learn: Callable[[Iterable[str]], None] = lambda secrets: None,
    ) -> None:
        """`shared_secret` is OMP_WEBHOOK_SECRET; `sidecar_address` is asked when an agent starts.

        `learn` is called with the signing secrets that are read: nothing that leaves the process may show them.
        """
        self.keys = KeySet(clock=clock)
        self._store = store
        self._secrets = secrets
        self._clock = clock
        self._ids = ids
        self._shared_secret = shared_secret
        self._sidecar_address = sidecar_address
        self._learn = learn
        self._refusals = refusals
        self._refreshing = asyncio.Lock()

    async def run(self) -> None:
        """Refresh once a minute until cancelled: a run's key ends ten minutes after its run, whoever ended that."""
        while True:
            await self._clock.sleep(REFRESH_S)
            try:
                await self.refresh()
            except StorageError as error:
                log.warning("keys.wait", cause=str(error))

    async def refresh(self) -> None:
        """Take the keys that the store has now."""
        async with self._refreshing:  # an older reading must not replace a newer one: a revoked key would stay valid
            records = await self._store.keys()
            texts = self._secrets.of(record.id for record in records if record.kind == "hmac")
            self._learn(texts.values())
            secrets = {key_id: parse_secret(text) for key_id, text in texts.items()}
            self.keys.replace(records, hmac_secrets=secrets, shared_secret=self._shared_secret)

    async def job_environment(self, run: RunId) -> dict[str, str]:
        """The variables with which an agent reaches us, including a key of its own that ends with its run."""
        scopes = {Scope.EVENTS_WRITE, Scope.MCP}
        record, token = mint_bearer(
            ids=self._ids, now_ms=self._clock.now_ms(), name=f"run {run}", scopes=scopes, run=run
        )
        await self._store.commit(Commit(writes=(record,)))
        await self.refresh()
        url = self._sidecar_address()
        return {"OMPYCORD_RUN": run, "OMPYCORD_URL": url, "OMPYCORD_MCP_URL": f"{url}/mcp/", "OMPYCORD_KEY": token}

    def run_of(self, headers: Mapping[str, str]) -> RunId | None:
        """The run whose MCP key these request headers carry."""
        scheme, _, token = headers.get("authorization", "").partition(" ")
        key = self.keys.by_bearer(token, is_local=False) if scheme.lower() == "bearer" else None
        if key is None:
            return None
        denied = authorize(key.actor, Scope.MCP)
        if isinstance(denied, Denied):
            self._refusals.note(
                RefusedAttempt(surface="mcp", actor=f"key {key.id}", what=Scope.MCP, code=denied.code, needs=Scope.MCP)
            )
            return None
        return key.run
