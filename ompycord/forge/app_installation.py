"""GitHub by an app: its own word, signed with its key, becomes a token of one repository for an hour."""

import math
from collections.abc import Callable
from datetime import datetime
from typing import Final, NamedTuple

from pydantic import BaseModel, ConfigDict

from ompycord.domain.base import Millis
from ompycord.domain.configuration.forge_options import ForgeSpec
from ompycord.domain.ports import Clock
from ompycord.errors import ForgeFailed
from ompycord.forge.breakers import ForgeBreakers
from ompycord.forge.client import ForgeClient
from ompycord.forge.github_answers import read_as
from ompycord.forge.github_kind import AppSpec
from ompycord.http.trust.authorities import MACHINE, Trust

__all__ = ["MintedToken", "minted"]

EARLY_S: Final = 60
"""Seconds by which its word is dated back: GitHub's clock may be behind this one."""
LIFE_S: Final = 540
"""Seconds for which it counts; GitHub takes at most 600."""
NEEDED: Final = {"contents": "write", "pull_requests": "write", "statuses": "write"}
"""What publishing needs, as GitHub names it."""
ALSO_WANTED: Final = ("workflows", "checks", "actions", "issues", "metadata")
"""What is taken along where the installation has it: workflow files, the marks and logs of CI, issues as tasks."""

_WORKFLOWS: Final = ".github/workflows"


class MintedToken(NamedTuple):
    """A token, and as whom it acts."""

    token: str
    login: str
    expires_at: Millis
    missing: tuple[str, ...]
    """Permissions that publishing needs and the installation does not have."""
    refused_paths: tuple[str, ...]
    """Where it may change nothing: GitHub has a permission of its own for workflow files."""


class _Read(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _App(_Read):
    slug: str


class _Installation(_Read):
    id: int
    permissions: dict[str, str] = {}
    suspended_at: str | None = None


class _Token(_Read):
    token: str
    expires_at: str


async def minted(
    spec: ForgeSpec,
    app: AppSpec,
    *,
    key: Callable[[], str],
    clock: Clock,
    breakers: ForgeBreakers | None = None,
    trust: Trust = MACHINE,
) -> MintedToken:
    """A token for this repository alone, with no more than is needed. Raises ForgeFailed, which names the setting."""
    client = ForgeClient(
        spec, token=lambda: _word(spec, app, key(), clock), clock=clock, breakers=breakers, trust=trust
    )
    try:
        slug = read_as(_App, (await client.read("/app")).body).slug
        found = await _installed(client, spec)
        granted = {name: found.permissions[name] for name in (*NEEDED, *ALSO_WANTED) if name in found.permissions}
        wanted = {"repositories": [spec.repository.partition("/")[2]], "permissions": granted}
        path = f"/app/installations/{found.id}/access_tokens"
        made = read_as(_Token, (await client.set("POST", path, wanted)).body)  # a second token harms nothing
    finally:
        await client.close()
    return MintedToken(
        token=made.token,
        login=f"{slug}[bot]",
        expires_at=int(datetime.fromisoformat(made.expires_at).timestamp() * 1000),
        refused_paths=() if granted.get("workflows") == "write" else (_WORKFLOWS,),
        missing=tuple(f"{name}={level}" for name, level in NEEDED.items() if granted.get(name) != level),
    )


async def _installed(client: ForgeClient, spec: ForgeSpec) -> _Installation:
    """Where the app is installed for the repository."""
    try:
        answer = await client.read(f"/repos/{spec.repository}/installation")
    except ForgeFailed as error:
        if error.fault != "not_found":
            raise
        words = "the app is not installed for it. Install it there, and select this repository."
        raise ForgeFailed("not_installed", f"{spec.repository}: {words}") from None
    found = read_as(_Installation, answer.body)
    if found.suspended_at is not None:
        words = "the app's installation is suspended. Let the owner of the repository allow it again."
        raise ForgeFailed("suspended", f"{spec.repository}: {words}")
    return found


def _word(spec: ForgeSpec, app: AppSpec, key: str, clock: Clock) -> str:
    """A JSON Web Token (RFC 7519)."""
    import jwt  # only here: where no app is configured it is not loaded

    now = math.floor(clock.now_ms() / 1000)
    claims = {"iat": now - EARLY_S, "exp": now + LIFE_S, "iss": str(app.id)}
    try:
        return jwt.encode(claims, key, algorithm="RS256")
    except (ValueError, TypeError, jwt.PyJWTError):
        words = "the file of forge.app.key_file holds no private key. Download a new one from the app's settings."
        raise ForgeFailed("key", f"{spec.repository}: {words}") from None
