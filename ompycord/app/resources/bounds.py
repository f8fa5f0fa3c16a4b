"""What health, readiness and alerts hold against, said once."""

from typing import Final

__all__ = ["LIMITS_REMEDY", "MANY_EVENTS"]

LIMITS_REMEDY: Final = "Restart Ompycord, as a user of its own that nothing else runs as."
"""For limits of this process that another program lowered for good."""

MANY_EVENTS: Final = 5_000
"""Above this backlog, posts are refused."""
