"""Steps in where an agent goes in circles; counterpart of `domain/guardian/`, which judges."""

from ompycord.conductor.guardian.recent_events import RecentEvents
from ompycord.conductor.guardian.service import Guardian

__all__ = ["Guardian", "RecentEvents"]
