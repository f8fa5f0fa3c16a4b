"""Whether pull requests can be opened: each forge is asked for its repository, with its credential."""

from pathlib import Path

from ompycord.app.findings import Finding, fail, ok, warn
from ompycord.app.forges import AccessVerdict, inspect_access
from ompycord.app.forges.connections import ForgeConnections
from ompycord.app.system import SystemClock
from ompycord.app.wiring.forge_credentials import ForgeCredentials
from ompycord.domain.configuration.forge_options import ForgeSpec
from ompycord.errors import ConfigurationError
from ompycord.http.trust.authorities import trust_of
from ompycord.settings import Settings

__all__ = ["forges"]


async def forges(settings: Settings, folder: Path) -> list[Finding]:
    """A line for each repository with a forge; `folder` is the data folder."""
    clock = SystemClock()
    try:
        trust = trust_of(settings.tls.ca_file, folder)
    except ConfigurationError as error:
        return [fail("TLS", f"{error}.", "Put the authority's certificate there, or leave tls.ca_file out.")]
    credentials = ForgeCredentials(folder, clock=clock, learn=lambda values: None, trust=trust)
    opening = ForgeConnections(credentials, clock).proposing
    return [
        _finding(
            f"Forge {repository.name}",
            await inspect_access(
                opening,
                repository.forge,
                now=clock.now_ms(),
                branch_prefix=repository.branch_prefix,
                credential=_credential(repository.forge, folder),
            ),
        )
        for repository in settings.catalog.repositories
        if repository.forge is not None
    ]


def _credential(spec: ForgeSpec, folder: Path) -> Path | None:
    return None if spec.credential_file is None else (folder / spec.credential_file).absolute()


def _finding(name: str, judged: AccessVerdict) -> Finding:
    if judged.status == "ok":
        return ok(name, judged.text)
    return (warn if judged.status == "warn" else fail)(name, judged.text, judged.fix)
