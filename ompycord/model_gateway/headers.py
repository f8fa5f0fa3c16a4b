"""Which headers pass, both ways: those that are listed, and nothing else. Pure."""

from collections.abc import Iterable, Mapping
from typing import Final

from ompycord.model_gateway.answers import LONGEST_WAIT_S
from ompycord.model_gateway.client import retry_after_s

__all__ = ["header_fault", "passed_back", "passed_on", "tokens_in"]

Headers = list[tuple[bytes, bytes]]

_TO_PROVIDER: Final = frozenset(
    {"accept", "content-type", "user-agent", "anthropic-version", "anthropic-beta", "openai-beta", "x-app"}
)
_TO_AGENT: Final = frozenset(
    {"content-type", "cache-control", "request-id", "x-request-id", "openai-version", "openai-processing-ms"}
)
_FAMILIES_TO_AGENT: Final = ("anthropic-ratelimit-", "x-ratelimit-")
_TOKENS: Final = (b"x-api-key", b"x-goog-api-key")
_ONCE: Final = frozenset({b"content-length", b"transfer-encoding", b"host", b"authorization", *_TOKENS})


def tokens_in(headers: Iterable[tuple[bytes, bytes]]) -> list[str]:
    """What a request shows as its token; some agents send it in two headers."""
    found: list[str] = []
    for name, value in headers:
        if name == b"authorization":
            scheme, _, token = value.decode("latin-1").partition(" ")
            if scheme.lower() == "bearer":
                found.append(token.strip())
        elif name in _TOKENS:
            found.append(value.decode("latin-1").strip())
    return found


def header_fault(headers: Headers) -> str | None:
    """Why a request may be read in two ways, or is no agent's, in words; None where it is neither."""
    names = [name for name, _ in headers]
    twice = next((name for name in _ONCE if names.count(name) > 1), None)
    if twice is not None:
        return f"The header {twice.decode()} is there several times."
    if b"transfer-encoding" in names:
        return "A request has a Content-Length here, not chunks."
    if b"origin" in names:
        return "Nothing here is for web pages."
    if dict(headers).get(b"content-encoding", b"identity").lower() != b"identity":
        return "Send the request without Content-Encoding."
    return None


def passed_on(headers: Headers) -> dict[str, str]:
    """What the provider gets of the agent's headers; the key is added later."""
    found = ((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers)
    return {name: value for name, value in found if name in _TO_PROVIDER}


def passed_back(headers: Mapping[str, str], *, now_ms: int) -> Headers:
    """What the agent gets of the provider's headers; a long Retry-After is shortened."""
    kept: Headers = []
    for name, value in headers.items():
        lower = name.lower()
        if lower in _TO_AGENT or lower.startswith(_FAMILIES_TO_AGENT):
            kept.append((lower.encode("latin-1"), value.encode("latin-1", "replace")))
    wait_s = retry_after_s(headers.get("retry-after") or headers.get("Retry-After"), now_ms)
    if wait_s is not None:
        kept.append((b"retry-after", str(round(min(wait_s, LONGEST_WAIT_S))).encode()))
    return kept
