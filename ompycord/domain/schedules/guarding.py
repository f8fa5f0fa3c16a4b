"""How a guard command ended; counterpart of `GuardCommand`."""

from ompycord.domain.base import Frozen

__all__ = ["GuardEnd"]


class GuardEnd(Frozen):
    """How a guard command ended."""

    exit_code: int | None
    """None where it did not end by itself, or could not be started."""
    printed: str
    """The end of what it printed."""
    detail: str = ""
    """Why it has no exit code, behind the words *its guard command*."""
