"""Kinds of sources, and the groups of them that may record an event.

Each event's class names one group (`events/fields.py`).
"""

from enum import StrEnum
from typing import Final

__all__ = ["AGENT_KINDS", "DECIDERS", "OBSERVERS", "ONLY_OMPYCORD", "ONLY_PEOPLE", "SourceKind"]


class SourceKind(StrEnum):
    """What stands behind an event, as it was authenticated where it came in."""

    OMPYCORD = "ompycord"
    """Ompycord itself: transitions, effects, checks that we ran."""
    PERSON = "person"
    """A click or a command of a person whose role allows it."""
    AGENT = "agent"
    """A local adapter speaking for the agent it started."""
    RUN_KEY = "run_key"
    """An agent with the key of its own run (webhook, MCP)."""
    EXTERNAL = "external"
    """A key that feeds external runs."""


AGENT_KINDS: Final = frozenset({SourceKind.AGENT, SourceKind.RUN_KEY, SourceKind.EXTERNAL})
ONLY_OMPYCORD: Final = frozenset({SourceKind.OMPYCORD})
ONLY_PEOPLE: Final = frozenset({SourceKind.PERSON})
DECIDERS: Final = ONLY_OMPYCORD | ONLY_PEOPLE
OBSERVERS: Final = AGENT_KINDS | ONLY_OMPYCORD
"""Who observes an agent's work: the agent itself, and Ompycord."""
