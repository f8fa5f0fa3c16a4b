"""As whom forges are asked: the token in a file, or one that an app mints; each is known as a secret before its use."""

import asyncio
import secrets
import time
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final, NamedTuple

from ompycord.domain.base import Millis
from ompycord.domain.configuration.forge_options import ForgeSpec
from ompycord.domain.ports import Clock
from ompycord.errors import ForgeFailed
from ompycord.files import replace_file
from ompycord.forge.breakers import ForgeBreakers
from ompycord.forge.github_kind import AppSpec, GitHubOptions
from ompycord.forge.token_file import read_key, read_token
from ompycord.http.trust.authorities import MACHINE, Trust

__all__ = ["ForgeCredentials", "ForgeIdentity", "Learn"]

Learn = Callable[[Iterable[str]], None]
_MINTED: Final = "forge_app_"
_LIFE_S: Final = 3600
"""Seconds that a minted token counts, and so longer than any file with one is used."""
_SPARE_MS: Final = 10 * 60 * 1000
"""A minted token that ends sooner is replaced before it is used."""


class ForgeIdentity(NamedTuple):
    """What a connection is opened with."""

    token: Callable[[], str]
    """Read for each request, where it lies in a file."""
    login: str | None = None
    """The account as which an app acts, which cannot ask for its own; None for a token's owner."""
    missing: tuple[str, ...] = ()
    """Permissions that the forge says are not there."""
    refused_paths: tuple[str, ...] = ()
    """Where it may change nothing, as the forge says."""


class ForgeCredentials:
    """For all forges of a process. `folder` is the data folder."""

    def __init__(self, folder: Path, *, clock: Clock, learn: Learn, trust: Trust = MACHINE) -> None:
        self._folder = folder
        self.trust = trust
        """Whose certificates are believed, of every forge."""
        self._clock = clock
        self._learn = learn
        self._minted: dict[tuple[str, str], tuple[ForgeIdentity, Millis]] = {}
        self._minting = asyncio.Lock()
        self.breakers = ForgeBreakers(clock)
        """A forge that rests is asked for no token either."""

    async def identity(self, spec: ForgeSpec) -> ForgeIdentity:
        """As whom it is asked now. Raises ForgeFailed, which names the setting."""
        if isinstance(spec, GitHubOptions) and spec.app is not None:
            return await self._of_app(spec, spec.app)

        def token() -> str:
            text = read_token(self.token_file(spec), setting="forge.token_file")
            self._learn([text])
            return text

        return ForgeIdentity(token)

    def token_file(self, spec: ForgeSpec) -> Path:
        """Where the token lies. Raises ForgeFailed for a forge that is asked by an app."""
        if spec.token_file is None:
            raise ForgeFailed("settings", f"{spec.repository}: its forge names no token_file.")
        return (self._folder / spec.token_file).absolute()

    @asynccontextmanager
    async def file(self, spec: ForgeSpec) -> AsyncGenerator[Path]:
        """A file with the token, for git's helper: that of the settings, or one that is there for this block alone."""
        identity = await self.identity(spec)
        text = identity.token()
        if not spec.is_by_app:
            yield self.token_file(spec)
            return
        place = self._folder.absolute() / "secrets" / f"{_MINTED}{secrets.token_hex(8)}"  # two may push at once
        await asyncio.to_thread(_swept, place.parent)
        await asyncio.to_thread(replace_file, place, f"{text}\n", is_durable=False)
        try:
            yield place
        finally:
            await asyncio.to_thread(place.unlink, missing_ok=True)

    async def _of_app(self, spec: ForgeSpec, app: AppSpec) -> ForgeIdentity:
        from ompycord.forge.app_installation import minted  # httpx: where no app is configured it is not loaded

        async with self._minting:
            known = self._minted.get((spec.api_address, spec.repository))
            if known is not None and known[1] - self._clock.now_ms() > _SPARE_MS:
                return known[0]

            def key() -> str:
                text = read_key(self._folder / app.key_file, setting="forge.app.key_file")
                self._learn([text])
                return text

            made = await minted(spec, app, key=key, clock=self._clock, breakers=self.breakers, trust=self.trust)
            self._learn([made.token])
            identity = ForgeIdentity(lambda: made.token, made.login, made.missing, made.refused_paths)
            self._minted[spec.api_address, spec.repository] = identity, made.expires_at
            return identity


def _swept(folder: Path) -> None:
    """The folder, without the files that a crash left in it."""
    folder.mkdir(mode=0o700, exist_ok=True)
    for left in folder.glob(f"{_MINTED}*"):
        with suppress(FileNotFoundError):  # another one ended meanwhile
            if time.time() - left.stat().st_mtime > _LIFE_S:
                left.unlink()
