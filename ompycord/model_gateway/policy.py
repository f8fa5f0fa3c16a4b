"""What may stand in the body of a request to a model, and what we change in it: the bound of tokens, and usage in the
stream. Pure.

Messages, tools, systems and marks of caches are never touched, and unknown fields pass.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple, cast

from pydantic_core import from_json

from ompycord.model_gateway.dialects import Dialect, ModelRoute, RequestKind
from ompycord.model_gateway.splice import with_value, without_long_texts

__all__ = ["LARGE", "ModelRequest", "NotAllowed", "read_request", "with_bound", "with_usage"]

Json = Mapping[str, Any]
LARGE: Final = 1_048_576
"""Bytes from which a body is read in a thread and without its long texts; a picture has many times that."""
_BOUNDS: Final[Mapping[Dialect, tuple[tuple[str, ...], ...]]] = {
    Dialect.ANTHROPIC: (("max_tokens",),),
    Dialect.CHAT: (("max_completion_tokens",), ("max_tokens",)),
    Dialect.RESPONSES: (("max_output_tokens",),),
    Dialect.GEMINI: (("generationConfig", "maxOutputTokens"), ("generation_config", "max_output_tokens")),
}
"""Where each dialect says how much may come out; the first is written where there is none."""
_USUAL_TIERS: Final = frozenset({"auto", "default", "standard", "standard_only"})
_OTHERS_TOOLS: Final = (
    *("web_search", "web_fetch", "code_execution", "file_search", "code_interpreter", "image_generation"),
    *("computer_use", "mcp", "google_search", "googleSearch", "urlContext", "codeExecution"),
)
"""What the names of tools begin with that the provider runs, and mostly bills."""


class NotAllowed(Exception):
    """The body asks for what is not allowed; the words say what."""


class ModelRequest(NamedTuple):
    """What is read of a request."""

    model: str
    is_stream: bool
    bound: int | None
    """The most tokens that may come out, as the agent asked; None where it set no bound."""
    least_bound: int
    """The bound may not be lowered to this, or below: the model would think for longer."""
    states_usage: bool
    """Whether the answer will state what it used."""


def read_request(route: ModelRoute, body: bytes, *, has_provider_tools: bool = True) -> ModelRequest:
    """The request that this body is. Raises NotAllowed, ValueError for a body that is no object of JSON."""
    parsed = _content(body)
    if not isinstance(parsed, dict):
        raise ValueError("the body is no JSON object")  # noqa: TRY004  # as for what is no JSON at all
    content = cast("Json", parsed)
    model = route.model or content.get("model")
    if not isinstance(model, str) or not model:
        raise NotAllowed("The request names no model.")
    if route.kind is RequestKind.GENERATE:
        for rule in (_no_batch, _no_tier, _no_fallback):
            rule(content)
        if not has_provider_tools:
            _no_provider_tools(content)
    is_stream = route.is_stream or content.get("stream") is True
    return ModelRequest(
        model=model,
        is_stream=is_stream,
        bound=_bound(route.dialect, content),
        least_bound=_thinking(content) if route.dialect is Dialect.ANTHROPIC else 0,
        states_usage=route.dialect is not Dialect.CHAT or not is_stream or _includes_usage(content),
    )


def with_usage(body: bytes) -> bytes:
    """A request of chat completions that has its usage stated in the stream."""
    return with_value(body, ("stream_options", "include_usage"), value=True)


def with_bound(dialect: Dialect, body: bytes, bound: int) -> bytes:
    """The same request for at most `bound` tokens."""
    content = cast("Json", _content(body))
    path = next((one for one in _BOUNDS[dialect] if _at(content, one) is not None), _BOUNDS[dialect][0])
    return with_value(body, path, bound)


def _content(body: bytes) -> object:
    """What it means, as far as it is looked at."""
    return from_json(without_long_texts(body) if len(body) > LARGE else body)


def _bound(dialect: Dialect, content: Json) -> int | None:
    for path in _BOUNDS[dialect]:
        value = _at(content, path)
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            return value
    return None


def _at(content: Json, path: tuple[str, ...]) -> object:
    value: object = content
    for name in path:
        value = cast("Json", value).get(name) if isinstance(value, dict) else None
    return value


def _thinking(content: Json) -> int:
    value = _at(content, ("thinking", "budget_tokens"))
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _includes_usage(content: Json) -> bool:
    return _at(content, ("stream_options", "include_usage")) is True


def _no_batch(content: Json) -> None:
    if content.get("background") is True:
        raise NotAllowed("background: true goes on after its run has ended. Ask without it.")
    if content.get("store") is True:
        raise NotAllowed("store: true leaves the conversation with the provider. Ask with store: false.")


def _no_tier(content: Json) -> None:
    tier = content.get("service_tier", content.get("serviceTier"))
    if tier is not None and tier not in _USUAL_TIERS:
        raise NotAllowed("Another service_tier has another price. Ask without it.")


def _no_fallback(content: Json) -> None:
    if content.get("fallbacks"):
        raise NotAllowed("fallbacks ask another model than the one that is named. Ask without them.")


def _no_provider_tools(content: Json) -> None:
    if content.get("mcp_servers"):
        raise NotAllowed("mcp_servers lets the provider reach servers. Ask without it.")
    for kind in _kinds(content.get("tools")):
        if kind.startswith(_OTHERS_TOOLS):
            raise NotAllowed(f"The tool {kind[:64]} runs at the provider, which is not allowed here. Ask without it.")


def _kinds(tools: object) -> list[str]:
    """Of each tool its type, or the names in it where it has none (Gemini's)."""
    found: list[str] = []
    for tool in cast("list[object]", tools) if isinstance(tools, list) else []:
        if isinstance(tool, dict):
            one = cast("Json", tool)
            kind = one.get("type")
            found += [kind] if isinstance(kind, str) else list(one)
    return found
