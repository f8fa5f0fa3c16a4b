"""What comes before an agent's work, as it is wired: the files of repositories, the look at all that a run needs."""

from ompycord.app.precheck import Precheck, PrecheckParts
from ompycord.app.wiring.parts import Infrastructure, Workers
from ompycord.settings.repository_file import configure_by

__all__ = ["precheck_of"]


def precheck_of(infrastructure: Infrastructure, workers: Workers) -> Precheck | None:
    """The look; None where nothing reads a base before there is a clone."""
    if workers.bases is None:
        return None
    catalog = infrastructure.settings.catalog
    parts = PrecheckParts(
        catalog=catalog, bases=workers.bases, configure=configure_by(catalog), level=workers.launcher.level
    )
    return Precheck(parts)
