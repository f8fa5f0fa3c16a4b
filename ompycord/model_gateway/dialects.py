"""Which request is a model's: from method and path to a dialect, and to what is asked there. Pure.

What is not listed is refused: an open pass-through lets batches and files go past every budget.
"""

import re
from enum import StrEnum
from typing import Final, NamedTuple

__all__ = ["Dialect", "ModelRoute", "RequestKind", "dialect_of", "is_model_path", "route_of"]


class Dialect(StrEnum):
    """How an agent speaks to a model's provider; the paths and bodies of four companies."""

    ANTHROPIC = "anthropic"
    CHAT = "chat"
    RESPONSES = "responses"
    GEMINI = "gemini"


class RequestKind(StrEnum):
    """What a request is for."""

    GENERATE = "generate"
    COUNT = "count"
    """How many tokens a request would have; free of charge, and not counted."""
    LIST = "list"
    """Which models there are: answered here."""
    UPGRADE = "upgrade"
    """A websocket, which is not taken: 426 lets an agent go on at once, 404 makes it try again."""


class ModelRoute(NamedTuple):
    """What a path stands for."""

    dialect: Dialect
    kind: RequestKind
    model: str | None = None
    """The model, where the path names it; else the body does."""
    is_stream: bool = False
    """Whether the path asks for a stream; else the body does."""


_PREFIX: Final = re.compile(rb"/v1(?:beta)?(?:/|$)")
_POST: Final = {
    b"/v1/messages": ModelRoute(Dialect.ANTHROPIC, RequestKind.GENERATE),
    b"/v1/messages/count_tokens": ModelRoute(Dialect.ANTHROPIC, RequestKind.COUNT),
    b"/v1/chat/completions": ModelRoute(Dialect.CHAT, RequestKind.GENERATE),
    b"/v1/responses": ModelRoute(Dialect.RESPONSES, RequestKind.GENERATE),
    b"/v1/responses/compact": ModelRoute(Dialect.RESPONSES, RequestKind.GENERATE),
}
_GEMINI: Final = re.compile(rb"/v1beta/models/([A-Za-z0-9._-]{1,128}):([A-Za-z]{1,64})")
_GEMINI_KINDS: Final = {
    b"streamGenerateContent": (RequestKind.GENERATE, True),
    b"generateContent": (RequestKind.GENERATE, False),
    b"countTokens": (RequestKind.COUNT, False),
}


def is_model_path(raw_path: bytes) -> bool:
    """Whether a path is the gateway's to answer, by refusal too; every other one is the sidecar's."""
    return _PREFIX.match(raw_path) is not None


def route_of(method: str, raw_path: bytes) -> ModelRoute | None:
    """What a request stands for; None where it is refused. `raw_path` is as sent, without the query, not decoded."""
    if method == "GET":
        if raw_path == b"/v1/models":
            return ModelRoute(Dialect.CHAT, RequestKind.LIST)
        return ModelRoute(Dialect.RESPONSES, RequestKind.UPGRADE) if raw_path == b"/v1/responses" else None
    if method != "POST":
        return None
    if raw_path in _POST:
        return _POST[raw_path]
    found = _GEMINI.fullmatch(raw_path)
    if found is None or found[2] not in _GEMINI_KINDS:
        return None
    kind, is_stream = _GEMINI_KINDS[found[2]]
    return ModelRoute(Dialect.GEMINI, kind, model=found[1].decode("ascii"), is_stream=is_stream)


def dialect_of(raw_path: bytes) -> Dialect:
    """In which dialect a path that is refused expects its answer."""
    if raw_path.startswith(b"/v1beta"):
        return Dialect.GEMINI
    if raw_path.startswith(b"/v1/messages"):
        return Dialect.ANTHROPIC
    return Dialect.RESPONSES if raw_path.startswith(b"/v1/responses") else Dialect.CHAT
