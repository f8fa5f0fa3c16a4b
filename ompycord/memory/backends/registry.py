"""The kinds of memories that distributions add, by the name that configuration gives. Ompycord has none of its own."""

from typing import Any, Final

from ompycord.entry_points import Registry
from ompycord.memory.backends.kind import MemoryBackendKind

__all__ = ["MEMORY_BACKENDS"]

MEMORY_BACKENDS: Final[Registry[MemoryBackendKind[Any]]] = Registry(
    group="ompycord.memory", record=MemoryBackendKind, what="kind of memory"
)
