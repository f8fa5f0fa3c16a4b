"""Every record that is found by an entry point, with whose it is and whether it can be used."""

from typing import Any, Final

from ompycord.agents.registry import AGENT_KINDS
from ompycord.app.findings import Finding, fail, ok
from ompycord.checks.registry import CHECK_PARSERS
from ompycord.domain.base import Frozen
from ompycord.entry_points import OURS, Registry
from ompycord.errors import ConfigurationError
from ompycord.forge.registry import FORGE_KINDS
from ompycord.memory.backends.registry import MEMORY_BACKENDS
from ompycord.notify.registry import NOTIFIER_KINDS
from ompycord.voice.registry import TRANSCRIBER_KINDS

__all__ = ["REGISTRIES", "FoundPlugin", "found_plugins", "plugins_finding"]

REGISTRIES: Final[dict[str, Registry[Any]]] = {
    "agent": AGENT_KINDS,
    "check-parser": CHECK_PARSERS,
    "notifier": NOTIFIER_KINDS,
    "forge": FORGE_KINDS,
    "transcriber": TRANSCRIBER_KINDS,
    "memory": MEMORY_BACKENDS,
}
"""By the name that people give a kind of plug-in."""


class FoundPlugin(Frozen):
    """One entry point."""

    kind: str
    name: str
    distribution: str
    fault: str | None = None
    """Why it cannot be used."""

    @property
    def is_ours(self) -> bool:
        return self.distribution == OURS


def found_plugins() -> list[FoundPlugin]:
    """All of them, each imported to see whether it can be. Code of other distributions runs."""
    found: list[FoundPlugin] = []
    for kind, registry in REGISTRIES.items():
        try:
            names = registry.names
        except ConfigurationError as error:
            found.append(FoundPlugin(kind=kind, name="", distribution="", fault=str(error)))
            continue
        found += [_found(kind, registry, name) for name in names]
    return found


def plugins_finding() -> Finding:
    """The line of `doctor`: what others add, and the first of it that cannot be used."""
    others = [one for one in found_plugins() if not one.is_ours or one.fault is not None]
    broken = next((one.fault for one in others if one.fault is not None), None)
    if broken is not None:
        what, _, remedy = broken.rpartition(". ")
        return fail("Plug-ins", f"{what}." if what else broken, remedy)
    shown = ", ".join(f"{one.kind} {one.name} of {one.distribution}" for one in others)
    return ok("Plug-ins", shown or "none beside Ompycord's own")


def _found(kind: str, registry: Registry[Any], name: str) -> FoundPlugin:
    distribution = registry.distribution(name)
    try:
        registry.get(name)
    except ConfigurationError as error:
        return FoundPlugin(kind=kind, name=name, distribution=distribution, fault=str(error))
    return FoundPlugin(kind=kind, name=name, distribution=distribution)
