"""Who may say what: event type × kind of source; counterpart of every door that events come in by."""

from enum import StrEnum

from ompycord.domain.events import EVENT_TYPES
from ompycord.errors import NotYours

__all__ = ["AUTHORITY", "SourceKind", "require_authority"]


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
_AGENTS = frozenset({SourceKind.AGENT, SourceKind.RUN_KEY, SourceKind.EXTERNAL})
_OBSERVERS = _AGENTS | _US

AUTHORITY: dict[str, frozenset[SourceKind]] = {
    "run.submitted": _PEOPLE,
    "run.dequeued": _US,
    "run.started": _OBSERVERS,
    "run.state": _US,
    "run.finished": _AGENTS,
    "run.failed": _AGENTS,
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
    "message": _AGENTS,
    "note": _OBSERVERS | _PEOPLE,
    "tool.started": _AGENTS,
    "tool.progress": _AGENTS,
    "tool.finished": _AGENTS,
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


def require_authority(type_: str, kind: SourceKind) -> None:
    """Raises NotYours (403 `not-yours`) when this kind of source may not say this type."""
    if kind not in AUTHORITY.get(type_, _AGENTS):
        raise NotYours(f"{type_} is not for {kind.replace('_', ' ')} sources to say")


if AUTHORITY.keys() != EVENT_TYPES.keys():  # a type without a row would be open to agents
    raise AssertionError(f"authority table and event types differ: {AUTHORITY.keys() ^ EVENT_TYPES.keys()}")
