"""What an agent is answered where a model is not asked, or its answer ends early: in its dialect, in our words. Pure.

Which status ends which agent, and shows the words: docs/platform/agents.md, *Answers of the model gateway*.
A wrong one is tried again for minutes, or shown as *authentication failed*.
"""

import json
import math
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final, NamedTuple

from ompycord.model_gateway.dialects import Dialect

__all__ = ["Answer", "ModelRefusal", "ending", "refusal", "try_later"]

JSON: Final = (b"content-type", b"application/json")
LONGEST_WAIT_S: Final = 30.0
"""Some agents sleep for as long as Retry-After says, an hour too, and look as if they hang."""


class Answer(NamedTuple):
    """A whole answer."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes


class ModelRefusal(StrEnum):
    """Why nothing is forwarded."""

    STOPPED = "stopped"
    """A budget is used up, or a person stopped all models."""
    TOKEN = "token"  # noqa: S105  # a reason
    NOT_ALLOWED = "not allowed"
    """The path, the model, or something in the body."""
    UNREADABLE = "unreadable"
    TOO_LARGE = "too large"
    UPGRADE = "upgrade"
    UNREACHABLE = "unreachable"
    """No provider could be asked."""


_STATUS: Final[Mapping[ModelRefusal, int]] = {
    ModelRefusal.STOPPED: 402,
    ModelRefusal.TOKEN: 401,
    ModelRefusal.NOT_ALLOWED: 403,
    ModelRefusal.UNREADABLE: 400,
    ModelRefusal.TOO_LARGE: 413,
    ModelRefusal.UPGRADE: 426,
    ModelRefusal.UNREACHABLE: 502,
}
_OWN_STATUS: Final[Mapping[tuple[Dialect, ModelRefusal], int]] = {
    (Dialect.RESPONSES, ModelRefusal.STOPPED): 400,  # Codex tries a 402 six times
    (Dialect.CHAT, ModelRefusal.NOT_ALLOWED): 400,  # Copilot shows no words of a 403
    (Dialect.RESPONSES, ModelRefusal.NOT_ALLOWED): 400,
}
_ANTHROPIC_TYPES: Final[Mapping[int, str]] = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    413: "request_too_large",
}
_GEMINI_STATES: Final[Mapping[int, str]] = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    402: "FAILED_PRECONDITION",
    403: "PERMISSION_DENIED",
    429: "RESOURCE_EXHAUSTED",
}


def refusal(dialect: Dialect, why: ModelRefusal, words: str) -> Answer:
    """The answer instead of a model's."""
    status = _OWN_STATUS.get((dialect, why), _STATUS[why])
    match dialect:
        case Dialect.ANTHROPIC:
            kind = _ANTHROPIC_TYPES.get(status, "api_error")
            content: dict[str, Any] = {"type": "error", "error": {"type": kind, "message": words}}
        case Dialect.GEMINI:
            content = {"error": {"code": status, "message": words, "status": _GEMINI_STATES.get(status, "UNKNOWN")}}
        case Dialect.CHAT:
            content = {"error": _openai(why, words, code="insufficient_quota")}
        case Dialect.RESPONSES:
            content = {"error": _openai(why, words, code="invalid_prompt")}
    return _whole(status, content)


def _openai(why: ModelRefusal, words: str, *, code: str) -> dict[str, Any]:
    """An error of OpenAI's two APIs: `code` is what ends an agent whose budget is used up."""
    if why is not ModelRefusal.STOPPED:
        return {"message": words, "type": "invalid_request_error", "param": None, "code": None}
    kind = code if code == "insufficient_quota" else "invalid_request_error"
    return {"message": words, "type": kind, "param": None, "code": code}


def ending(dialect: Dialect, words: str) -> bytes:
    """The last event of a stream that is ended early; nothing of the provider's follows."""
    match dialect:
        case Dialect.ANTHROPIC:
            content: dict[str, Any] = {"type": "error", "error": {"type": "billing_error", "message": words}}
            return _event(content, "error")
        case Dialect.RESPONSES:
            error = {"code": "invalid_prompt", "message": words}
            response: dict[str, Any] = {
                "id": "resp_ompycord",
                "object": "response",
                "status": "failed",
                "error": error,
                "output": [],
            }
            return _event({"type": "response.failed", "response": response}, "response.failed")
        case Dialect.CHAT:
            kind = "insufficient_quota"
            return _event({"error": {"message": words, "type": kind, "param": None, "code": kind}})
        case Dialect.GEMINI:
            return _event({"error": {"code": 402, "message": words, "status": "FAILED_PRECONDITION"}})


def try_later(dialect: Dialect, wait_s: float, words: str) -> Answer:
    """What a provider that is busy would answer, where we cannot wait any longer for it: 429, with a short wait."""
    seconds = max(1, math.ceil(min(wait_s, LONGEST_WAIT_S)))
    if dialect is Dialect.GEMINI:
        info = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": f"{seconds}s"}
        error: dict[str, Any] = {"code": 429, "message": words, "status": "RESOURCE_EXHAUSTED", "details": [info]}
        found = _whole(429, {"error": error})
    elif dialect is Dialect.ANTHROPIC:
        found = _whole(429, {"type": "error", "error": {"type": "rate_limit_error", "message": words}})
    else:
        kind = "rate_limit_exceeded"
        found = _whole(429, {"error": {"message": words, "type": kind, "param": None, "code": kind}})
    return found._replace(headers=(*found.headers, (b"retry-after", str(seconds).encode())))


def _whole(status: int, content: Mapping[str, Any]) -> Answer:
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    return Answer(status, (JSON, (b"content-length", str(len(body)).encode())), body)


def _event(content: Mapping[str, Any], name: str = "") -> bytes:
    # A line end first: what was cut may have left half a line.
    head = f"event: {name}\n" if name else ""
    return f"\n\n{head}data: {json.dumps(content, ensure_ascii=False)}\n\n".encode()
