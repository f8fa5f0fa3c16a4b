"""Who may say what: event type × kind of source, a table of `policy.py`."""

from enum import StrEnum

from ompycord.domain.events import EVENT_TYPES

__all__ = ["AGENT_KINDS", "AUTHORITY", "SourceKind"]


class SourceKind(StrEnum):
    """What stands behind an event, as its door authenticated it."""

    OMPYCORD = "ompycord"
    """Ourselves: transitions, effects, checks that we ran."""
    PERSON = "person"
    """A click or a command of somebody whose role allows it."""
    AGENT = "agent"
    """A local adapter speaking for the agent it started."""
    RUN_KEY = "run_key"
    """An agent with the key of its own run (webhook, MCP)."""
    EXTERNAL = "external"
    """A key that feeds external runs."""


_US = frozenset({SourceKind.OMPYCORD})
_PEOPLE = frozenset({SourceKind.PERSON})
_DECIDERS = _US | _PEOPLE
AGENT_KINDS = frozenset({SourceKind.AGENT, SourceKind.RUN_KEY, SourceKind.EXTERNAL})
_OBSERVERS = AGENT_KINDS | _US

AUTHORITY: dict[str, frozenset[SourceKind]] = {
    "run.submitted": _PEOPLE,
    "run.dequeued": _US,
    "run.started": _OBSERVERS,
    "run.state": _US,
    "run.finished": AGENT_KINDS,
    "run.failed": AGENT_KINDS,
    "run.cancelled": _PEOPLE | {SourceKind.EXTERNAL},
    "run.stopped": _DECIDERS,
    "run.resumed": _DECIDERS,
    "run.cancel_requested": _PEOPLE,
    "effect.finished": _US,
    "prompt": _OBSERVERS | _PEOPLE,
    "prompt.edited": _PEOPLE,
    "prompt.dropped": _PEOPLE,
    "budget.raised": _PEOPLE,
    "inbox.taken": _US,
    "message": AGENT_KINDS,
    "note": _OBSERVERS | _PEOPLE,
    "tool.started": AGENT_KINDS,
    "tool.progress": AGENT_KINDS,
    "tool.finished": AGENT_KINDS,
    "plan.updated": _OBSERVERS,
    "usage.updated": _OBSERVERS,
    "files.changed": _OBSERVERS,
    "check.started": _OBSERVERS,
    "check.finished": _OBSERVERS,
    "question.asked": _OBSERVERS,
    "question.answered": _PEOPLE,
    "question.withdrawn": _OBSERVERS,
    "approval.requested": _OBSERVERS,
    "approval.granted": _PEOPLE,
    "approval.denied": _PEOPLE,
    "approval.withdrawn": _OBSERVERS,
    "retry.limited": _OBSERVERS,
    "retry.cleared": _OBSERVERS,
    "session.opened": _OBSERVERS,
    "artifact.added": _OBSERVERS,
}
"""A row for every known type; a type that is missing here is unknown and may come from an agent only."""


if AUTHORITY.keys() != EVENT_TYPES.keys():  # a type without a row would be open to agents
    raise AssertionError(f"authority table and event types differ: {AUTHORITY.keys() ^ EVENT_TYPES.keys()}")
