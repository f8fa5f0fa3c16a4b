"""The kinds of forges, ours and those of other distributions, by the `kind` that configuration names.

Read by settings and `app/`. A distribution adds one by an entry point of the group `ompycord.forges` that names a
`ForgeKind`.
"""

from typing import Any, Final

from ompycord.entry_points import Registry
from ompycord.forge.kind import ForgeKind

__all__ = ["FORGE_KINDS"]

FORGE_KINDS: Final[Registry[ForgeKind[Any]]] = Registry(group="ompycord.forges", record=ForgeKind, what="kind of forge")
