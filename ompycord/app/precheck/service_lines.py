"""Lines about the services of a run: each needs its program on this machine, and a user that it takes."""

from collections.abc import Iterator, Sequence

from ompycord.app.precheck.lines import failing, fine
from ompycord.domain.configuration.services import ServiceSpec
from ompycord.domain.events import PrecheckLine
from ompycord.domain.repository import ConfinementLevel
from ompycord.workspaces.services.starting import cannot_start

__all__ = ["service_lines"]


def service_lines(services: Sequence[ServiceSpec], path: str, level: ConfinementLevel) -> Iterator[PrecheckLine]:
    """A line for each service that cannot start, and one where all can; none where there are none."""
    bad = [(one.name, words) for one in services if (words := cannot_start(one, path=path, level=level)) is not None]
    for name, (why, fix) in bad:
        yield failing("services", f"{name}: {why}", fix)
    if services and not bad:
        yield fine("services", f"{', '.join(one.name for one in services)} can be started")
