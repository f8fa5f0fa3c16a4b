"""The section `voice` of the settings: whether a recording becomes the draft of a task, and who makes text of it."""

from decimal import Decimal
from typing import Annotated, Any, Self

from pydantic import Field, StringConstraints, model_validator

from ompycord.domain.base import Frozen, Name
from ompycord.domain.configuration.written import BaseUrl, WrittenPath

__all__ = ["SpeechSource", "VoiceOptions"]


class SpeechSource(Frozen):
    """A model that makes text of recordings, and what a minute costs there."""

    provider: Annotated[str, StringConstraints(min_length=1, max_length=64)] | None = None
    """One of `providers`, by its name. Its keys apply."""
    address: BaseUrl | None = None
    """In its place, any server that answers as OpenAI's `/audio/transcriptions` does; with that ending, or without."""
    key_file: WrittenPath | None = None
    """With `address`: a file with its key; left out: `secrets/voice` of the data folder, if there is one."""
    model: Annotated[str, StringConstraints(min_length=1, max_length=128)]
    minute_usd: Annotated[Decimal, Field(ge=0, le=1000, allow_inf_nan=False)] | None = None
    """US dollars for a minute of sound; 0 for a server of your own. Left out: not known."""

    @model_validator(mode="after")
    def _has_one_source(self) -> Self:
        if (self.provider is None) == (self.address is None):
            raise ValueError("name a provider or an address, and not both")
        if self.address is None and self.key_file is not None:
            raise ValueError("key_file belongs to an address; those of a provider stand at the provider")
        return self


class VoiceOptions(Frozen):
    """Who makes text of recordings, and which are taken."""

    kind: Name = "openai"
    """What makes the text: `openai`, or what a package adds; `ompycord plugin list` shows those that are installed."""
    options: dict[str, Any] = Field(default_factory=dict[str, Any])
    """The options of its kind; of `openai`: `provider` or `address`, `model`, and what is left out here."""
    max_s: Annotated[int, Field(ge=1, le=1800)] = 300
    """Seconds that a recording may have."""
    max_mib: Annotated[int, Field(ge=1, le=25)] = 10
    """MiB that it may have. OpenAI takes 25."""
    timeout_s: Annotated[float, Field(gt=0, le=600)] = 120.0
    """Seconds that the text may take."""
