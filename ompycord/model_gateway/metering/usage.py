"""What one request to a model used, by class of tokens; and what each dialect calls them. Pure.

Sources: the types in the SDKs of the four APIs. A later report replaces an earlier one field by field, since all of
them count from the beginning of the answer; null says nothing, and zero is a value.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Final, Self, cast

from ompycord.model_gateway.dialects import Dialect

__all__ = ["TokenUsage", "merged", "usage_of"]

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenUsage:
    """Tokens. The classes do not overlap, but for `reasoning`, which is a part of `output`."""

    input: int = 0
    """Neither read from a cache nor written to one."""
    cache_read: int = 0
    cache_write_5m: int = 0
    cache_write_1h: int = 0
    output: int = 0
    reasoning: int = 0
    web_searches: int = 0
    """Not tokens: searches that the provider did, which cost extra."""
    audio_ms: int = 0
    """Not tokens: milliseconds of sound that became text."""

    @property
    def total(self) -> int:
        """All tokens."""
        return self.whole_input + self.output

    @property
    def whole_input(self) -> int:
        """All tokens that went in."""
        return self.input + self.cache_read + self.cache_write

    @property
    def cache_write(self) -> int:
        return self.cache_write_5m + self.cache_write_1h

    def plus(self, other: Self) -> "TokenUsage":
        """Both together."""
        return TokenUsage(**{one.name: getattr(self, one.name) + getattr(other, one.name) for one in fields(self)})


def merged(before: Json, report: Json) -> dict[str, Any]:
    """What is known after another report of the same answer."""
    return {**before, **{name: value for name, value in report.items() if value is not None}}


def usage_of(dialect: Dialect, report: Json) -> TokenUsage:
    """The usage that a provider's report states; what is no number counts as nothing."""
    return _READERS[dialect](report)


def _anthropic(report: Json) -> TokenUsage:
    """Its input excludes the cache. What it took to compact the conversation is not in its totals."""
    whole = _anthropic_totals(report)
    for one in _list(report, "iterations"):
        if one.get("type") == "compaction":
            whole = whole.plus(_anthropic_totals(one))
    return whole


def _anthropic_totals(report: Json) -> TokenUsage:
    hour = _count(_inner(report, "cache_creation"), "ephemeral_1h_input_tokens")
    written = _count(report, "cache_creation_input_tokens")
    short = _count(_inner(report, "cache_creation"), "ephemeral_5m_input_tokens")
    return TokenUsage(
        input=_count(report, "input_tokens"),
        cache_read=_count(report, "cache_read_input_tokens"),
        cache_write_5m=max(short, written - hour),
        cache_write_1h=hour,
        output=_count(report, "output_tokens"),
        reasoning=_count(_inner(report, "output_tokens_details"), "thinking_tokens"),
        web_searches=_count(_inner(report, "server_tool_use"), "web_search_requests"),
    )


def _openai(report: Json, given: str, made: str) -> TokenUsage:
    """Its input includes what was cached and what was written to the cache."""
    details = _inner(report, f"{given}_details")
    read, written = _count(details, "cached_tokens"), _count(details, "cache_write_tokens")
    long = _count(details, "cache_write_ttl_12h_tokens")
    return TokenUsage(
        input=max(0, _count(report, given) - read - written),
        cache_read=read,
        cache_write_5m=max(0, written - long),
        cache_write_1h=min(written, long),
        output=_count(report, made),
        reasoning=_count(_inner(report, f"{made}_details"), "reasoning_tokens"),
    )


def _gemini(report: Json) -> TokenUsage:
    """Its input includes the cache and not what tools brought; its output does not include the thoughts."""
    read, thoughts = _count(report, "cachedContentTokenCount"), _count(report, "thoughtsTokenCount")
    given = _count(report, "promptTokenCount") + _count(report, "toolUsePromptTokenCount")
    return TokenUsage(
        input=max(0, given - read),
        cache_read=read,
        output=_count(report, "candidatesTokenCount") + thoughts,
        reasoning=thoughts,
    )


_READERS: Final[Mapping[Dialect, Callable[[Json], TokenUsage]]] = {
    Dialect.ANTHROPIC: _anthropic,
    Dialect.CHAT: lambda report: _openai(report, "prompt_tokens", "completion_tokens"),
    Dialect.RESPONSES: lambda report: _openai(report, "input_tokens", "output_tokens"),
    Dialect.GEMINI: _gemini,
}


def _count(report: Json, name: str) -> int:
    value = report.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def _inner(report: Json, name: str) -> Json:
    value = report.get(name)
    return cast("Json", value) if isinstance(value, dict) else {}


def _list(report: Json, name: str) -> list[Json]:
    value = report.get(name)
    if not isinstance(value, list):
        return []
    return [cast("Json", one) for one in cast("list[object]", value) if isinstance(one, dict)]
