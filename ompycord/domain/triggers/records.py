"""What became of a message that counts; counterpart of the tables of triggers."""

from enum import StrEnum
from typing import Final

from ompycord.domain.base import Frozen, Millis
from ompycord.domain.ids import Ulid

__all__ = [
    "STORM_IGNORE",
    "STORM_START",
    "Firing",
    "FiringOutcome",
    "FiringRequest",
    "Storm",
    "TriggerRun",
    "TriggerState",
    "storm_question",
]


STORM_START: Final = "trigall"
STORM_IGNORE: Final = "trignone"
"""The buttons of a question."""


class FiringOutcome(StrEnum):
    """What a message led to."""

    RUN = "run"
    DRY = "dry"
    OPEN = "open"
    """The run about the same has not ended."""
    COOLDOWN = "cooldown"
    QUESTION = "question"
    """More came than may start runs: people are asked, once."""
    STORM = "storm"
    """It is counted with an open question."""
    PAUSED = "paused"


class FiringRequest(Frozen):
    """A message, with the brake of its trigger."""

    trigger: str
    fingerprint: str
    subject: str
    prompt: str
    at: Millis
    cooldown_ms: Millis
    burst: int
    is_dry: bool
    run: Ulid
    """The id that its run has, if it starts one."""
    storm: Ulid
    """The id that a question has, if it asks one."""


class Firing(Frozen):
    """What became of it."""

    outcome: FiringOutcome
    run: str = ""
    storm: str = ""


class TriggerRun(Frozen):
    """A run that a trigger starts: claimed before it is there."""

    run: Ulid
    trigger: str
    prompt: str
    at: Millis


class TriggerState(Frozen):
    """How a trigger stands."""

    paused: str | None = None
    resumed_at: Millis = 0
    """What was before does not count for its brake."""
    messages: int = 0
    runs: int = 0


class Storm(Frozen):
    """Messages that wait for a person's word."""

    id: Ulid
    trigger: str
    is_open: bool
    messages: int
    prompts: tuple[str, ...]
    subjects: tuple[str, ...]


def storm_question(trigger: str, storm: str) -> str:
    """The key of the message that asks about messages that wait."""
    return f"trigger:{trigger}:storm:{storm}"[:200]
