"""What a run's agent can do, by its kind; asked by everything that must not promise what an adapter cannot do."""

from collections.abc import Mapping

from ompycord.domain.catalog import Catalog
from ompycord.domain.ports import AgentCapabilities
from ompycord.domain.run import RunRecord

__all__ = ["AgentCapabilityLookup"]


class AgentCapabilityLookup:
    """Looks up capabilities: configuration names an agent's kind, its adapter what that kind can do."""

    def __init__(self, *, catalog: Catalog, by_kind: Mapping[str, AgentCapabilities]) -> None:
        self._catalog = catalog
        self._by_kind = by_kind

    def of(self, record: RunRecord) -> AgentCapabilities:
        """The capabilities of an agent; none where configuration no longer has it."""
        kind = next((spec.kind for spec in self._catalog.agents if spec.name == record.agent), "")
        return self._by_kind.get(kind, AgentCapabilities())
