"""Which forges are not asked now, since they failed: for `/omp health`, and for the cards of their repositories."""

from collections.abc import Iterator

from ompycord.bot.lookups import HealthLine
from ompycord.domain.catalog import Catalog
from ompycord.errors import Refused
from ompycord.forge.breakers import ForgeBreakers, host_of
from ompycord.render.phrases import clock

__all__ = ["forge_lines", "resting_forge"]


def resting_forge(catalog: Catalog, breakers: ForgeBreakers, repository: str | None) -> str | None:
    """The host of a repository's forge where that is not asked now; None where it is, or there is none."""
    try:
        spec = catalog.repository(repository).forge if repository is not None else None
    except Refused:  # it was removed from the configuration
        return None
    return host_of(spec) if spec is not None and breakers.until(spec) is not None else None


def forge_lines(catalog: Catalog, breakers: ForgeBreakers) -> Iterator[HealthLine]:
    """A line where a repository has a forge."""
    hosts = dict.fromkeys(host_of(one.forge) for one in catalog.repositories if one.forge is not None)
    if not hosts:
        return
    until = dict(breakers.resting())
    words = [
        f"{host} is not asked until {clock(until[host])}: it failed" if host in until else f"{host} is asked"
        for host in hosts
    ]
    yield HealthLine(name="Forges", is_ok=not until, text=", ".join(words))
