"""What a collected result is held against before it is taken; used by `WorkResults.collect`."""

from ompycord.domain.base import Frozen
from ompycord.domain.repository import GuardSpec, PathPattern

__all__ = ["GuardRules"]


class GuardRules(Frozen):
    """The rules of one collection."""

    spec: GuardSpec = GuardSpec()
    protected: tuple[PathPattern, ...] = ()
    """Patterns of paths that no result may change."""
    planned: tuple[str, ...] | None = None
    """The paths that a result may change without being sent back; None where there is no plan."""
    with_syntax: bool = True
    """Whether changed files must parse; not in a mode without repairs."""
