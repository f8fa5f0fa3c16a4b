"""Every refusal of the sidecar as application/problem+json (RFC 9457); counterpart of the pages under `/problems/`."""

import json
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from ompycord.errors import OmpycordError, Refused
from ompycord.render.refusals import Audience, refusal_words
from ompycord.text import Redactor

__all__ = [
    "CONTENT_TYPE",
    "PROBLEMS",
    "PROBLEM_SCHEMA",
    "Headers",
    "Problem",
    "ProblemKind",
    "pointer",
    "problem",
    "problem_of",
    "unauthorized",
]

NAME_SHOWN = 64
"""Characters of a name in a pointer."""
_SHAPES = Redactor()
CONTENT_TYPE = (b"content-type", b"application/problem+json")


class ProblemKind(NamedTuple):
    """One slug: `type` is `/problems/<slug>`."""

    status: int
    title: str
    help: str
    """How to fix it; the page's text."""


PROBLEMS: dict[str, ProblemKind] = {
    "malformed-json": ProblemKind(
        400,
        "The body is no JSON that we take",
        "Send UTF-8 JSON: at most 16 levels, 2,000 values, strings of 32,768 and keys of 128 characters, integers "
        "within 2^53, "
        "no NaN, no infinities, no repeated keys, no NUL characters, no lone surrogates.",
    ),
    "length": ProblemKind(
        400,
        "The length of the body is told in two ways",
        "Send either Content-Length or Transfer-Encoding: chunked, never both, and no Transfer-Encoding with HTTP/1.0 "
        "(RFC 9112, 6.1). A proxy that adds one of them to the other must be mended.",
    ),
    "repeated-header": ProblemKind(
        400,
        "A header that may be there once is there several times",
        "Send each header of a signature and Authorization once. Several signatures, as during a rotation, stand in "
        "one webhook-signature header with a space between them.",
    ),
    "unauthorized": ProblemKind(
        401,
        "No valid signature or key",
        "Sign the request (Standard Webhooks, clock within 5 minutes) or send a bearer key. A signature that is "
        "present must "
        "be right, whatever else is sent.",
    ),
    "scope": ProblemKind(403, "The key may not do this", "Use a key that has the scope which the detail names."),
    "not-yours": ProblemKind(
        403,
        "This source may not say this",
        "Agents send observations. Answers and approvals are people's clicks; transitions are ours.",
    ),
    "refused": ProblemKind(403, "It was refused", "`code` says why, the detail what is needed. Nothing happened."),
    "browser": ProblemKind(403, "Not for browsers", "Nothing here is for web pages: send no Origin header."),
    "unknown-run": ProblemKind(
        404, "No such run for this key", "Check the run's name, or use a key with the scope runs:create to begin one."
    ),
    "not-found": ProblemKind(404, "Nothing here", "Events go to POST /api/webhook/event; see /openapi.json."),
    "method-not-allowed": ProblemKind(405, "Wrong method", "The Allow header names the right one."),
    "too-slow": ProblemKind(408, "The request did not arrive in time", "Send the whole request within 10 seconds."),
    "id-conflict": ProblemKind(
        409,
        "The webhook-id was used for another body",
        "Give every new event an id of its own; repeat the body with its id.",
    ),
    "sequence-conflict": ProblemKind(
        409,
        "The number is taken",
        "Within one source every event has a number of its own; number all events of a source, or none.",
    ),
    "run-final": ProblemKind(
        409, "The run has ended", "After a final event only missing lower numbers are taken. Begin another run."
    ),
    "too-large": ProblemKind(413, "The body is too large", "256 KiB for an event, 1 MiB for a batch."),
    "encoding": ProblemKind(415, "Compressed bodies are not taken", "Send no Content-Encoding header."),
    "misdirected": ProblemKind(
        421, "This name is not served here", "Use the printed address, or add the name to the sidecar's hosts."
    ),
    "schema-invalid": ProblemKind(
        422, "The event has another shape", "`errors` points at what is wrong; the shapes are in /openapi.json."
    ),
    "schema-unsupported": ProblemKind(
        422, "This schema is newer than we are", "Send ompycord/event@1, or update Ompycord."
    ),
    "rate-limited": ProblemKind(
        429, "Too many events of this key", "Wait as long as Retry-After says, or send batches."
    ),
    "too-many-failures": ProblemKind(
        429,
        "Too many requests of this address had no valid key",
        "Fix the key or the clock, then wait for Retry-After.",
    ),
    "backlog": ProblemKind(429, "Too many events wait", "Wait as long as Retry-After says, then send it again."),
    "internal": ProblemKind(500, "A defect of ours", "It is logged. Send the same request again later."),
    "draining": ProblemKind(503, "The process is ending", "Send it again after Retry-After."),
    "starting": ProblemKind(503, "The tools are still being loaded", "Send it again after Retry-After."),
    "archive-unreadable": ProblemKind(
        503,
        "The events of this run are in a file that is missing or damaged",
        "Whoever runs Ompycord brings it back: `ompycord archive restore`.",
    ),
    "storage": ProblemKind(503, "The database did not take it", "Nothing was stored. Send it again after Retry-After."),
}

PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string", "description": "`/problems/<slug>`"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "index": {"type": "integer", "description": "Which event of a batch, from 0."},
        "code": {"type": "string", "description": "Why exactly, for `/problems/refused`: a stable name."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"pointer": {"type": "string"}, "code": {"type": "string"}},
            },
        },
    },
}
"""The JSON schema of what `problem` writes."""

Headers = tuple[tuple[bytes, bytes], ...]


class Problem(OmpycordError):
    """A refusal to be sent. `detail` and `errors` never contain a value from the request."""

    def __init__(
        self,
        slug: str,
        detail: str | None = None,
        *,
        errors: Sequence[tuple[str, str]] = (),
        index: int | None = None,
        code: str | None = None,
        retry_after_s: float | None = None,
        headers: Headers = (),
    ) -> None:
        super().__init__(slug)
        self.slug = slug
        self.detail = detail
        self.errors = errors
        """Pairs of a JSON pointer and a code."""
        self.index = index
        """Which event of a batch."""
        self.code = code
        """One of `domain.refusals`."""
        self.retry_after_s = retry_after_s
        self.headers = headers

    def at(self, index: int) -> "Problem":
        """The same refusal, for an event of a batch."""
        self.index = index
        return self


def problem(error: Problem) -> tuple[int, Headers, bytes]:
    """Status, headers and body of a refusal."""
    kind = PROBLEMS[error.slug]
    content: dict[str, object] = {"type": f"/problems/{error.slug}", "title": kind.title, "status": kind.status}
    if error.detail is not None:
        content["detail"] = error.detail
    if error.index is not None:
        content["index"] = error.index
    if error.code is not None:
        content["code"] = error.code
    if error.errors:
        content["errors"] = [{"pointer": place, "code": code} for place, code in error.errors]
    body = json.dumps(content, separators=(",", ":")).encode()
    headers = (CONTENT_TYPE, (b"content-length", str(len(body)).encode()), *error.headers)
    if error.retry_after_s is not None:
        headers = (*headers, (b"retry-after", str(max(1, math.ceil(error.retry_after_s))).encode()))
    return kind.status, headers, body


def pointer(where: Sequence[int | str], prefix: str = "") -> str:
    """The JSON pointer (RFC 6901) to a place in what was sent.

    A name there is the sender's own text: it is cut, and goes where it looks like a secret.
    """
    names = (_SHAPES.cut(str(part), NAME_SHOWN).replace("~", "~0").replace("/", "~1") for part in where)
    return prefix + "".join("/" + name for name in names)


def problem_of(error: Refused) -> Problem:
    """A refusal of the policy or of a use case, in words for a program.

    Its code is the problem's type where that exists.
    """
    words = refusal_words(error, Audience.HTTP)
    return Problem(error.code, words) if error.code in PROBLEMS else Problem("refused", words, code=error.code)


def unauthorized() -> Problem:
    """The one answer for all causes of failed authentication."""
    return Problem("unauthorized", headers=((b"www-authenticate", b"Bearer"),))
