"""The meaning of one pushed payload of an agent; made by `hooks_*.py`, taken in by `webhook/hooks.py`."""

import hashlib
import json
from dataclasses import dataclass

from ompycord.dialects.frames import Frame
from ompycord.domain.events import ApprovalRequested, EventBody

__all__ = ["HookReading", "id_of_whole"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HookReading:
    """One payload, read. Pure: whether its run has ended, or it came before, is not decided here."""

    kind: str
    """The agent's own name for it, at most 64 characters."""
    events: tuple[EventBody, ...] = ()
    """Its events; empty where it contains nothing that a card shows."""
    session: str | None = None
    """The agent's own session, as it names it."""
    id: str | None = None
    """What distinguishes it from all others of its session; None where the same one may rightly come twice."""
    begins: bool = False
    """Whether work starts with it, also after an end, when a session continues."""
    request: ApprovalRequested | None = None
    """The approval for which its sender could be made to wait."""
    if_denied: tuple[EventBody, ...] = ()
    """What happened where `request` is denied: its agent reports nothing more of that tool."""
    overtakes: str | None = None
    """The approval that this shows to be over, decided elsewhere; empty for every one of the session."""
    is_known: bool = True
    """False: a kind that this version has no name for."""


def id_of_whole(kind: str, payload: Frame) -> str:
    """An id for a payload that names the one thing that it is about, such as an answer of a model.

    Two payloads have the same id only where they are equal.
    """
    whole = json.dumps(payload, sort_keys=True, separators=(",", ":")).encode()
    return f"{kind}:{hashlib.sha256(whole).hexdigest()}"
