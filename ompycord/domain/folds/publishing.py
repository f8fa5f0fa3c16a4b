"""Where a run's result is proposed, and what people decided about that: what is kept of it; pure.

`source_state.py` hands the events on, `merge.py` puts what is shown into the snapshot.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

from ompycord.domain import events as ev

__all__ = ["PUBLISHING_EVENTS", "PublishingState"]

V = TypeVar("V")
Stamped = tuple[int, int, V]
_Published = ev.BaseMoved | ev.PullRequestOpened | ev.ReadyRequested | ev.PublicationRequested | ev.EffectFinished
PUBLISHING_EVENTS: Final = (
    ev.BaseMoved,
    ev.PullRequestOpened,
    ev.ReadyRequested,
    ev.PublicationRequested,
    ev.EffectFinished,
)
_STEP: Final = "publish:"


@dataclass(slots=True)
class PublishingState:
    """The latest of each, by number; they come from Ompycord's own source alone."""

    opened: Stamped[ev.PullRequestOpened] | None = None
    moved: Stamped[ev.BaseMoved] | None = None
    ready: Stamped[ev.ReadyRequested] | None = None
    requested: int = 0
    """The number of the last order to publish again; `done` that of the last end of that step."""
    done: int = 0

    def add(self, seq: int, at: int, body: _Published) -> None:
        """Take one event; arrival order does not matter."""
        match body:
            case ev.PullRequestOpened():
                if self.opened is None or self.opened[0] < seq:
                    self.opened = (seq, at, body)
            case ev.BaseMoved():
                if self.moved is None or self.moved[0] < seq:
                    self.moved = (seq, at, body)
            case ev.ReadyRequested():
                if self.ready is None or self.ready[0] < seq:
                    self.ready = (seq, at, body)
                self.requested = max(self.requested, seq)
            case ev.PublicationRequested():
                self.requested = max(self.requested, seq)
            case ev.EffectFinished():
                if body.key.startswith(_STEP):
                    self.done = max(self.done, seq)

    @property
    def pull_request(self) -> ev.PullRequestOpened | None:
        """Where the result is proposed, as the forge had it last."""
        return self.opened[2] if self.opened is not None else None

    def fields(self, commit: str | None) -> Mapping[str, object]:
        """What the snapshot of a run with this result has of it."""
        is_ready = self.ready is not None and self.ready[2].commit == commit
        return {
            "pull_request": self.pull_request,
            "base_moved": self.moved[2] if self.moved is not None else None,
            "ready_by": self.ready[2].by if self.ready is not None and is_ready else None,
            "publishes_again": self.requested > self.done,
        }
