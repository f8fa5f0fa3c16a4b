"""What a shown button or form means, where its id has no room for it; counterpart of `bot/custom_ids.py`.

The component's id holds the state's id. A kind is a model here; the feature that shows the component makes and reads
it. A task that a person typed is not kept here: that is a `Draft`.
"""

from typing import Annotated, Literal

from pydantic import Field

from ompycord.domain.base import Frozen, Millis
from ompycord.domain.ids import Ulid
from ompycord.domain.memory.items import MemoryPlace
from ompycord.domain.schedules.schedule import Schedule

__all__ = [
    "AnswerChoice",
    "CancelConfirmation",
    "ComponentMeaning",
    "ComponentState",
    "MessageEdit",
    "NewSchedule",
    "RecordPage",
    "Replacement",
    "SpokenDecision",
]


class CancelConfirmation(Frozen):
    """The question whether *Cancel run* is meant."""

    kind: Literal["cancel"] = "cancel"
    run: Ulid
    reason: str | None = None


class MessageEdit(Frozen):
    """The form in which a message to the agent is changed."""

    kind: Literal["edit"] = "edit"
    run: Ulid
    message: Ulid
    """The id of its `prompt` event."""


class AnswerChoice(Frozen):
    """To which of several questions a typed text is the answer."""

    kind: Literal["answer"] = "answer"
    run: Ulid
    text: str
    person: str
    """Who wrote it and may choose."""


class Replacement(Frozen):
    """Whether something that was just saved replaces what is remembered already."""

    kind: Literal["replace"] = "replace"
    older: Ulid
    newer: Ulid
    place: MemoryPlace


class SpokenDecision(Frozen):
    """A message that says a decision, which may be saved."""

    kind: Literal["spoken"] = "spoken"
    place: MemoryPlace
    channel: Annotated[str, Field(max_length=32)]
    message: Annotated[str, Field(max_length=32)]


class NewSchedule(Frozen):
    """A schedule that was shown and is not saved yet."""

    kind: Literal["schedule"] = "schedule"
    schedule: Schedule


class RecordPage(Frozen):
    """A page of the record: what of it is shown, and before which row."""

    kind: Literal["record"] = "record"
    before: Annotated[int, Field(ge=1)] | None = None
    run: Ulid | None = None
    person: Annotated[str, Field(max_length=32)] | None = None


ComponentMeaning = Annotated[
    AnswerChoice | CancelConfirmation | MessageEdit | NewSchedule | RecordPage | Replacement | SpokenDecision,
    Field(discriminator="kind"),
]


class ComponentState(Frozen):
    """What one shown component means; forgotten once `expires_at` has come."""

    id: Ulid
    meaning: ComponentMeaning
    created_at: Millis
    expires_at: Millis
