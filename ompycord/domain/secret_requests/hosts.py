"""To which hosts a secret that an agent asks for can be given, in place of to the agent itself; pure."""

from ompycord.domain.catalog import Catalog
from ompycord.domain.configuration.repository_file import Configured
from ompycord.domain.run import RunRecord
from ompycord.errors import Refused

__all__ = ["hosts_for"]


def hosts_for(catalog: Catalog, record: RunRecord, name: str) -> tuple[str, ...]:
    """The hosts to whose requests the settings allow a secret of this name to be added for the run's agent."""
    try:
        repository = catalog.repository(record.repository or "")
        agent = catalog.agent(record.agent or "", repository=repository)
    except Refused:
        return ()
    configured = Configured(repository=repository)
    return tuple(one.host for one in configured.attached_for(configured.agent(agent)) if one.secret == name)
