"""The section `providers` of the settings: who is asked for models, with which keys, and what that costs."""

from collections.abc import Mapping
from typing import Annotated, Final, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from ompycord.domain.base import Frozen
from ompycord.domain.configuration.written import BaseUrl, WrittenPath
from ompycord.model_gateway.dialects import Dialect
from ompycord.model_gateway.price import TokenPrices

__all__ = ["ProviderKind", "ProviderSpec"]

ProviderKind = Literal["anthropic", "openai", "azure", "gemini", "ollama", "compatible"]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
ModelName = Annotated[str, StringConstraints(min_length=1, max_length=128)]

_ADDRESSES: Final[Mapping[ProviderKind, str]] = {
    "anthropic": "https://api.anthropic.com",
    "openai": "https://api.openai.com/v1",
    "gemini": "https://generativelanguage.googleapis.com",
    "ollama": "http://127.0.0.1:11434/v1",
}
_DIALECTS: Final[Mapping[ProviderKind, tuple[Dialect, ...]]] = {
    "anthropic": (Dialect.ANTHROPIC,),
    "openai": (Dialect.CHAT, Dialect.RESPONSES),
    "azure": (Dialect.CHAT, Dialect.RESPONSES),
    "gemini": (Dialect.GEMINI,),
    "ollama": (Dialect.CHAT,),
}


class ProviderSpec(Frozen):
    """One provider. Of several that offer a model, the first in the file is asked first."""

    name: Slug
    kind: ProviderKind
    base_url: BaseUrl | None = None
    """Left out: the company's own. With *azure* and *compatible* it is needed."""
    dialects: tuple[Dialect, ...] = ()
    """Left out: those of the kind. With *compatible* they are needed."""
    key_files: tuple[WrittenPath, ...] = ()
    """Files with a key each, in the order in which they are used; left out: `secrets/provider_NAME`, a key a line."""
    models: tuple[ModelName, ...] = ()
    """Models that may be asked; empty: every one."""
    prices: dict[ModelName, TokenPrices] = Field(default_factory=dict[str, TokenPrices])
    """US dollars for a million tokens, by model; before every list."""
    provider_tools: bool = True
    """Whether tools that the provider runs may be used, such as its web search."""

    @model_validator(mode="after")
    def _is_reachable(self) -> Self:
        if self.base_url is None and self.kind not in _ADDRESSES:
            raise ValueError(f"a provider of kind {self.kind} needs base_url")
        if not self.dialects and self.kind not in _DIALECTS:
            raise ValueError(f"a provider of kind {self.kind} needs dialects, such as [chat]")
        return self

    @property
    def address(self) -> str:
        """Where it is, without a slash at its end."""
        return (self.base_url or _ADDRESSES[self.kind]).rstrip("/")

    @property
    def spoken(self) -> tuple[Dialect, ...]:
        """The dialects that it understands."""
        return self.dialects or _DIALECTS[self.kind]

    def offers(self, dialect: Dialect, model: str) -> bool:
        """Whether it may be asked for this model in this dialect."""
        return dialect in self.spoken and (not self.models or model in self.models)
