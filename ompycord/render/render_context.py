"""What a card shows beside its run's snapshot, gathered by the caller; counterpart of `bot/delivery/live.py`.

There is no clock in it: what ticks is a Discord timestamp, and what a clock decides (silence, expiry) comes decided.
"""

from typing import Literal

from pydantic import Field

from ompycord.domain.base import Frozen, Millis
from ompycord.domain.repository import ConfinementLevel
from ompycord.domain.risk.standing import CallDecision

__all__ = ["RenderContext", "RunLink", "SlotHolder"]


class SlotHolder(Frozen):
    """A run at work, as the card of a queued one names it."""

    title: str
    word: str
    """What it does or waits for, as its own card says it."""


class RunLink(Frozen):
    """Another run of the chain, and where its card is."""

    title: str
    url: str | None = None
    """None while nothing of it is in Discord."""


class RenderContext(Frozen):
    """The context of a run.

    `gateway`, `slowed_until` and `breaker` are transient status: shown, never a cause for an edit.
    """

    gateway: Literal["connected", "reconnecting"] = "connected"
    slowed_until: Millis | None = None
    """Until when Discord refuses edits of this card."""
    breaker: str | None = None
    """The upstream to which no requests are sent after errors."""
    confinement: ConfinementLevel | None = None
    """None while it is not known, and for an external run, which we do not confine."""
    is_network_open: bool = False
    """Whether the agent of a hosted run may reach the network."""
    queue_place: int | None = None
    """The place in the queue; 1 is next."""
    slot_holders: tuple[SlotHolder, ...] = ()
    are_slots_shared: bool = False
    """Whether runs of which nothing is told here hold slots, too."""
    """For a queued run: who holds the slots for which it waits, where all of them are taken."""
    waits_for_slot: bool = False
    """Whether the run was answered and its agent waits for a free slot."""
    paused_by: str | None = None
    """For a queued run: who paused everything."""
    shortage: str | None = None
    """For a queued run: why none starts for want of room on the disk, in a sentence of ours."""
    decided_before: dict[str, tuple[CallDecision, ...]] = Field(default_factory=dict[str, tuple[CallDecision, ...]])
    """By the name of an open approval: what was decided about exactly that call here before."""
    no_room: str | None = None
    """For a queued run: which shared budget lets it not begin, in words."""
    starts_at: Millis | None = None
    """When a queued run is expected to start."""
    checks: tuple[str, ...] | None = None
    """Names of the checks that the repository's configuration lists; None where they were not asked for."""
    card_number: int = 1
    run_name: str | None = None
    """What the sender of an external run calls it."""
    channel_name: str | None = None
    """Where the task was given."""
    is_rehearsal: bool = False
    """Whether the agent is simulated, which the card shows."""
    silent_since: Millis | None = None
    """Set by the driver once an external agent has been silent for 15 minutes."""
    needs_second_person: bool = False
    """Whether the requester may not allow what the run's agent asks for."""
    shows_title: bool = False
    """Whether the card stands outside the run's thread, whose name is the title."""
    approvers: str | None = None
    """The name of the role that may answer, apart from the requester."""
    reads_messages: bool = False
    """Whether messages in the run's thread are read, so that one can answer an open question."""
    takes_messages: bool = False
    """Whether such a message reaches the agent as the run is now, without a restart of it."""
    question_url: str | None = None
    """Where the oldest open question was posted."""
    live_url: str | None = None
    """Set on a card that a newer one has replaced: where the live one is."""
    result_url: str | None = None
    """Where the result of a run that ended stands; the card then only points at it."""
    follows: RunLink | None = None
    """The run with whose result this one goes on."""
    followed_by: tuple[RunLink, ...] = ()
    """Runs that go on with its result, the oldest first."""
    waits_for: RunLink | None = None
    """For a queued follow-up: the run of its chain that must end first."""
    forecast: str = ""
    """What runs like this one cost and took, while its plan waits; empty where too few have ended."""
    is_expired: bool = False
    """Whether the clone is gone: what needs it is not offered."""
