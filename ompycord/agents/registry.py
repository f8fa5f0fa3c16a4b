"""The kinds of agents, ours and those of other distributions, by the `kind` that configuration names.

Read by settings and `app/`. A distribution adds one by an entry point of the group `ompycord.agents` that names an
`AgentKind`.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from ompycord.agents.kind import AgentKind
from ompycord.entry_points import Registry

if TYPE_CHECKING:  # settings need the options of agents and start none of them
    from ompycord.domain.ports import AgentAdapter
    from ompycord.processes.launcher_port import Launcher

__all__ = ["AGENT_KINDS", "adapters"]

AGENT_KINDS: Final[Registry[AgentKind[Any]]] = Registry(group="ompycord.agents", record=AgentKind, what="agent kind")


def adapters(*, launcher: "Launcher", kinds: Iterable[str] | None = None) -> "Mapping[str, AgentAdapter]":
    """An adapter for each of `kinds`, or for every kind; they start everything through `launcher`.

    Raises ConfigurationError for a kind that cannot be imported.
    """
    names = AGENT_KINDS.names if kinds is None else sorted(set(kinds))
    return {name: AGENT_KINDS.get(name).adapter(launcher=launcher) for name in names}
