"""From `memory.backend` of the settings to the memory of another package."""

from collections.abc import Callable

from ompycord.app.remembering.backed_search import BackedSearch
from ompycord.app.services import Ends, Service
from ompycord.domain.memory.backend import BackendSpec
from ompycord.domain.ports import Clock
from ompycord.domain.ports.memory import MemoryRows
from ompycord.errors import ConfigurationError
from ompycord.memory.backends.registry import MEMORY_BACKENDS

__all__ = ["backed_search", "backed_service", "forgetting"]


def backed_search(
    spec: BackendSpec | None, *, rows: MemoryRows, clock: Clock, redact: Callable[[str], str]
) -> BackedSearch | None:
    """What asks it; None where none is configured. Raises ConfigurationError for one that cannot be made."""
    if spec is None:
        return None
    try:
        backend = MEMORY_BACKENDS.get(spec.kind).backend(spec)
    except (Exception, SystemExit) as error:  # code that is not ours may raise anything
        raise ConfigurationError(
            f"memory.backend: {spec.kind} cannot be made ({type(error).__name__}). `ompycord plugin check {spec.kind}` "
            "tries it"
        ) from error
    return BackedSearch(rows=rows, backend=backend, spec=spec, clock=clock, redact=redact)


def backed_service(search: BackedSearch | None) -> tuple[Service, ...]:
    """What keeps it at what our rows have; nothing where none is configured."""
    return () if search is None else (Service(name="memory", run=search.run, ends=Ends.WORK),)


async def forgetting(search: BackedSearch | None) -> tuple[str, ...]:
    """Have the memory of another package forget what the rows have not any more; a sentence where it does not yet."""
    if search is None or await search.keep():
        return ()
    return (f"The memory backend {search.fault}. It is told to forget again each minute, until it does.",)
