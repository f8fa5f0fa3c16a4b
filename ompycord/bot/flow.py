"""What a person sees of one task, as a state machine in a table; pure.

Counterpart of `domain.lifecycle`, the run's own. docs/contracts/runs.md, *The person's view*: Discord can fail while
the run is fine, so this is a machine of its own. `interactions/submission.py` performs the steps up to Acknowledged,
`delivery/live.py` those after it.
"""

from enum import StrEnum
from typing import NamedTuple

__all__ = ["TABLE", "Flow", "FlowStep", "Move", "Signal", "advance"]


class Flow(StrEnum):
    """The state of a task as its person sees it."""

    IDLE = "idle"
    MODAL_OPEN = "modal open"
    DRAFT = "draft"
    """The text is in our hands, unanswered."""
    ACKNOWLEDGED = "acknowledged"
    """Discord took our answer: the person knows."""
    LIVE = "live"
    ASKING = "asking"
    RATE_LIMITED = "rate limited"
    """Discord refuses edits for a while; the card shows that and catches up."""
    ERROR_RECOVERY = "error recovery"
    """The answer missed its 3 seconds; the draft is kept and waits for *Resume*."""
    CLOSED = "closed"


class Signal(StrEnum):
    """What can happen to a task."""

    FORM_WANTED = "form wanted"
    TEXT_CAME = "text came"
    KEPT = "kept"
    """The draft is on disk."""
    LATE = "late"
    """2.0 s have passed and it is not on disk."""
    LOST = "lost"
    """The database will not take it."""
    TAKEN = "taken"
    """Discord accepted the acknowledgement."""
    MISSED = "missed"
    """Discord refused it: 10062, 50027, or it could not be reached."""
    STARTED = "started"
    DECLINED = "declined"
    RESUME_CLICKED = "resume clicked"
    QUESTION = "asked"
    ANSWERED = "answered"
    SLOWED = "slowed"
    CAUGHT_UP = "caught up"
    ENDED = "ended"


class FlowStep(StrEnum):
    """The next thing to do."""

    NOTHING = "nothing"
    OPEN_FORM = "open the form"
    KEEP = "write the draft"
    ACKNOWLEDGE = "answer that it is kept"
    DEFER = "answer that we think"
    KEEP_ON = "go on writing the draft"
    START = "start the run"
    SHOW = "show the run"
    REFUSE = "say why not"
    GIVE_BACK = "give the text back"
    OFFER_RESUME = "post Resume in the channel"
    REPORT_LOSS = "say in the channel that the text is lost"
    ASK = "ask"
    WAIT = "wait until Discord allows edits"
    FINISH = "show the end"


class Move(NamedTuple):
    """The next state and what to do."""

    to: Flow
    step: FlowStep


TABLE: dict[tuple[Flow, Signal], Move] = {
    (Flow.IDLE, Signal.FORM_WANTED): Move(Flow.MODAL_OPEN, FlowStep.OPEN_FORM),
    (Flow.IDLE, Signal.TEXT_CAME): Move(Flow.DRAFT, FlowStep.KEEP),
    (Flow.MODAL_OPEN, Signal.TEXT_CAME): Move(Flow.DRAFT, FlowStep.KEEP),
    (Flow.MODAL_OPEN, Signal.MISSED): Move(Flow.CLOSED, FlowStep.NOTHING),
    # The draft is on disk in time: answer, then start.
    (Flow.DRAFT, Signal.KEPT): Move(Flow.DRAFT, FlowStep.ACKNOWLEDGE),
    (Flow.DRAFT, Signal.TAKEN): Move(Flow.ACKNOWLEDGED, FlowStep.START),
    (Flow.DRAFT, Signal.MISSED): Move(Flow.ERROR_RECOVERY, FlowStep.OFFER_RESUME),
    (Flow.DRAFT, Signal.LOST): Move(Flow.CLOSED, FlowStep.GIVE_BACK),
    # The draft is not on disk in time: defer, keep writing, then start once or post Resume.
    (Flow.DRAFT, Signal.LATE): Move(Flow.ACKNOWLEDGED, FlowStep.DEFER),
    (Flow.ACKNOWLEDGED, Signal.TAKEN): Move(Flow.ACKNOWLEDGED, FlowStep.KEEP_ON),
    (Flow.ACKNOWLEDGED, Signal.KEPT): Move(Flow.ACKNOWLEDGED, FlowStep.START),
    (Flow.ACKNOWLEDGED, Signal.LOST): Move(Flow.CLOSED, FlowStep.GIVE_BACK),
    (Flow.ACKNOWLEDGED, Signal.MISSED): Move(Flow.ERROR_RECOVERY, FlowStep.KEEP_ON),
    (Flow.ACKNOWLEDGED, Signal.STARTED): Move(Flow.LIVE, FlowStep.SHOW),
    (Flow.ACKNOWLEDGED, Signal.DECLINED): Move(Flow.CLOSED, FlowStep.REFUSE),
    (Flow.ERROR_RECOVERY, Signal.KEPT): Move(Flow.ERROR_RECOVERY, FlowStep.OFFER_RESUME),
    (Flow.ERROR_RECOVERY, Signal.LOST): Move(Flow.CLOSED, FlowStep.REPORT_LOSS),
    (Flow.ERROR_RECOVERY, Signal.RESUME_CLICKED): Move(Flow.DRAFT, FlowStep.ACKNOWLEDGE),
    # The card.
    (Flow.LIVE, Signal.QUESTION): Move(Flow.ASKING, FlowStep.ASK),
    (Flow.ASKING, Signal.ANSWERED): Move(Flow.LIVE, FlowStep.SHOW),
    (Flow.LIVE, Signal.SLOWED): Move(Flow.RATE_LIMITED, FlowStep.WAIT),
    (Flow.ASKING, Signal.SLOWED): Move(Flow.RATE_LIMITED, FlowStep.WAIT),
    (Flow.RATE_LIMITED, Signal.CAUGHT_UP): Move(Flow.LIVE, FlowStep.SHOW),
    (Flow.LIVE, Signal.ENDED): Move(Flow.CLOSED, FlowStep.FINISH),
    (Flow.ASKING, Signal.ENDED): Move(Flow.CLOSED, FlowStep.FINISH),
    (Flow.RATE_LIMITED, Signal.ENDED): Move(Flow.RATE_LIMITED, FlowStep.WAIT),
}


def advance(flow: Flow, signal: Signal) -> Move:
    """The next state and step; a signal that means nothing in a state changes nothing, so no task can hang on one."""
    return TABLE.get((flow, signal), Move(flow, FlowStep.NOTHING))
