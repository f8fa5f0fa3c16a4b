"""The port by which Ompycord asks models itself: one answer, with tools or in a shape.

Implemented by `llm/`, over the model gateway: each call is in its run's ledger and within its limit. Nothing answers in
a model's place: without a provider every call raises ModelFailed.
"""

import hashlib
from typing import Annotated, Any, Literal, Protocol, TypeVar

from pydantic import BaseModel, Field

from ompycord.domain.base import Frozen, Name
from ompycord.domain.repository import OwnName

__all__ = [
    "LONGEST_SIGNATURE",
    "Conversation",
    "ModelCall",
    "ModelReply",
    "ModelToolCall",
    "Models",
    "OfferedTool",
    "PromptMessage",
    "PromptTemplate",
    "ReplyMessage",
    "Temperature",
    "ToolMessage",
]

LONGEST_SIGNATURE = 262_144
"""Characters; a longer one is left out."""
Temperature = Annotated[float, Field(ge=0, le=2)]


class PromptTemplate(Frozen):
    """A text of ours that tells a model what to do. Its run keeps `id` and `hash`."""

    id: Name
    text: str

    @property
    def hash(self) -> str:
        """The first 16 hexadecimal digits of the SHA-256 of its text."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:16]


class ModelToolCall(Frozen):
    """A tool that a model wants to be used."""

    id: Annotated[str, Field(min_length=1, max_length=256)]
    tool: Annotated[str, Field(max_length=256)]
    arguments: str
    """As the model wrote them: JSON where it did well."""
    signature: Annotated[str, Field(max_length=LONGEST_SIGNATURE)] | None = Field(
        default=None, exclude_if=lambda value: value is None
    )
    """What the provider wants back with the call, where it gave something: the thought that led to it, sealed."""


class PromptMessage(Frozen):
    """What a model is given by Ompycord or by people."""

    role: Literal["user"] = "user"
    text: str


class ReplyMessage(Frozen):
    """What a model answered."""

    role: Literal["model"] = "model"
    text: str = ""
    calls: tuple[ModelToolCall, ...] = ()


class ToolMessage(Frozen):
    """What a tool gave."""

    role: Literal["tool"] = "tool"
    call: str
    """The id of the call."""
    tool: str
    text: str


Conversation = Annotated[PromptMessage | ReplyMessage | ToolMessage, Field(discriminator="role")]
"""One message of a conversation with a model."""


class OfferedTool(Frozen):
    """A tool that a model may use."""

    name: Name
    description: str
    parameters: dict[str, Any]
    """A JSON schema of an object."""


class ModelCall(Frozen):
    """One call of a model."""

    template: PromptTemplate
    """What it is told first."""
    messages: tuple[Conversation, ...]
    model: OwnName
    tools: tuple[OfferedTool, ...] = ()
    temperature: Temperature | None = None
    """None: the provider's own. With 0 and without tools the same call is asked once: its answer is kept."""
    most_tokens: Annotated[int, Field(ge=1, le=1_000_000)] = 16_384
    """The most that it may answer."""


class ModelReply(Frozen):
    """Its answer."""

    text: str = ""
    calls: tuple[ModelToolCall, ...] = ()
    is_cut: bool = False
    """Whether it ended at `most_tokens`."""


S = TypeVar("S", bound=BaseModel)


class Models(Protocol):
    """Models for one step of one run. Every method raises ModelFailed."""

    @property
    def names(self) -> tuple[str, ...]:
        """The models that the settings of providers name, in their order."""
        ...

    async def load(self) -> None:
        """Make ready what the first call needs; says what is not installed."""
        ...

    async def reply(self, call: ModelCall) -> ModelReply:
        """One answer."""
        ...

    async def fill(self, call: ModelCall, shape: type[S]) -> S:
        """An answer in a shape. One that does not fit goes back to its model, twice at most."""
        ...
