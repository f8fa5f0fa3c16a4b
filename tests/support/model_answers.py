"""Answers of models as their four APIs write them, for a usage that a test chose; written from the APIs' own types.

Counterpart of `ompycord/model_gateway/metering/meter.py`, of which nothing is used here.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ompycord.model_gateway.dialects import Dialect

Shape = Literal["stream", "odd", "whole", "nulls"]
"""A usual stream; one whose usage stands in an unusual place; no stream; one with null for what is 0."""


@dataclass(frozen=True, kw_only=True)
class Truth:
    """What the provider bills."""

    input: int = 100
    cache_read: int = 0
    write_5m: int = 0
    write_1h: int = 0
    output: int = 10
    reasoning: int = 0
    compaction: tuple[int, int] = (0, 0)
    """Input and output beside the totals; Anthropic's alone."""
    tool_input: int = 0
    """Gemini's alone: input that tools brought, beside the prompt."""


def event(content: object, name: str = "") -> bytes:
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(content)}\n\n".encode()


def answer(dialect: Dialect, truth: Truth, words: Sequence[str], shape: Shape = "stream") -> list[bytes]:
    """The parts in which a provider would send it."""
    return {
        Dialect.ANTHROPIC: _anthropic,
        Dialect.CHAT: _chat,
        Dialect.RESPONSES: _responses,
        Dialect.GEMINI: _gemini,
    }[dialect](truth, words, shape)


def _null(number: int, shape: Shape) -> int | None:
    return None if shape == "nulls" and not number else number


def _anthropic(truth: Truth, words: Sequence[str], shape: Shape) -> list[bytes]:
    start: dict[str, Any] = {
        "input_tokens": truth.input,
        "cache_read_input_tokens": _null(truth.cache_read, shape),
        "cache_creation_input_tokens": _null(truth.write_5m + truth.write_1h, shape),
        "cache_creation": {"ephemeral_5m_input_tokens": truth.write_5m, "ephemeral_1h_input_tokens": truth.write_1h},
        "output_tokens": 1,
        "service_tier": "standard",
    }
    end: dict[str, Any] = {"output_tokens": truth.output}
    if truth.reasoning:
        end["output_tokens_details"] = {"thinking_tokens": truth.reasoning}
    if truth.compaction != (0, 0):
        compacted = {"type": "compaction", "input_tokens": truth.compaction[0], "output_tokens": truth.compaction[1]}
        own = {"type": "message", "input_tokens": truth.input, "output_tokens": truth.output}
        end["iterations"] = [compacted, own]
    message: dict[str, Any] = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m-1-dated"}
    if shape == "whole":
        content = [{"type": "text", "text": "".join(words)}]
        return [json.dumps({**message, "content": content, "usage": {**start, **end}}).encode()]
    if shape == "odd":  # all of it at the end
        start, end = {"input_tokens": 0, "output_tokens": 0}, {**start, **end}
    if shape == "nulls":
        end = {"input_tokens": None, "cache_read_input_tokens": None, **end}
    parts = [event({"type": "message_start", "message": {**message, "usage": start}}, "message_start")]
    parts += [
        event({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": one}})
        for one in words
    ]
    parts.append(event({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": end}, "message_delta"))
    return [*parts, event({"type": "message_stop"}, "message_stop")]


def _chat(truth: Truth, words: Sequence[str], shape: Shape) -> list[bytes]:
    usage: dict[str, Any] = {
        "prompt_tokens": truth.input + truth.cache_read + truth.write_5m,
        "completion_tokens": truth.output,
        "prompt_tokens_details": {
            "cached_tokens": _null(truth.cache_read, shape), "cache_write_tokens": _null(truth.write_5m, shape),
        },
        "completion_tokens_details": {"reasoning_tokens": _null(truth.reasoning, shape)},
    }  # fmt: skip
    base: dict[str, Any] = {"id": "c", "model": "m-1-dated"}
    if shape == "whole":
        message = {"role": "assistant", "content": "".join(words)}
        whole = {**base, "choices": [{"index": 0, "message": message, "finish_reason": "stop"}], "usage": usage}
        return [json.dumps(whole).encode()]

    def chunk(delta: dict[str, Any], finish: str | None = None, **more: Any) -> bytes:
        return event({**base, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **more})

    parts = [chunk({"content": one}, **({"usage": None} if shape == "nulls" else {})) for one in words]
    if shape == "odd":  # running numbers in each chunk, and the last ones beside the choices
        parts = [chunk({"content": one}, usage={**usage, "completion_tokens": at}) for at, one in enumerate(words)]
        return [*parts, chunk({}, "stop", usage=usage), b"data: [DONE]\n\n"]
    return [*parts, chunk({}, "stop"), event({**base, "choices": [], "usage": usage}), b"data: [DONE]\n\n"]


def _responses(truth: Truth, words: Sequence[str], shape: Shape) -> list[bytes]:
    usage = {
        "input_tokens": truth.input + truth.cache_read + truth.write_5m + truth.write_1h,
        "input_tokens_details": {
            "cached_tokens": truth.cache_read, "cache_write_tokens": _null(truth.write_5m + truth.write_1h, shape),
            "cache_write_ttl_12h_tokens": _null(truth.write_1h, shape),
        },
        "output_tokens": truth.output,
        "output_tokens_details": {"reasoning_tokens": truth.reasoning},
    }  # fmt: skip
    response: dict[str, Any] = {"id": "resp_1", "model": "m-1-dated", "status": "completed", "output": []}
    if shape == "whole":
        return [json.dumps({**response, "usage": usage}).encode()]
    parts = [event({"type": "response.created", "response": {**response, "usage": None}}, "response.created")]
    parts += [event({"type": "response.output_text.delta", "delta": one}) for one in words]
    last = "response.incomplete" if shape == "odd" else "response.completed"
    return [*parts, event({"type": last, "response": {**response, "usage": usage}}, last)]


def _gemini(truth: Truth, words: Sequence[str], shape: Shape) -> list[bytes]:
    usage: dict[str, Any] = {
        "promptTokenCount": truth.input + truth.cache_read,
        "candidatesTokenCount": truth.output - truth.reasoning,
        "thoughtsTokenCount": _null(truth.reasoning, shape),
        "cachedContentTokenCount": _null(truth.cache_read, shape),
    }
    if truth.tool_input:
        usage["toolUsePromptTokenCount"] = truth.tool_input

    def chunk(text: str, used: dict[str, Any] | None, finish: str | None = None) -> dict[str, Any]:
        candidate: dict[str, Any] = {"content": {"role": "model", "parts": [{"text": text}]}, "index": 0}
        candidate |= {"finishReason": finish} if finish else {}
        return {"candidates": [candidate], "modelVersion": "m-1-dated", **({"usageMetadata": used} if used else {})}

    if shape == "whole":
        return [json.dumps(chunk("".join(words), usage, "STOP")).encode()]
    parts = [
        event(chunk(one, {"promptTokenCount": usage["promptTokenCount"], "candidatesTokenCount": at}))
        for at, one in enumerate(words)
    ]
    if shape == "odd":
        return [*parts, event(chunk("", None, "STOP")), event({"usageMetadata": usage, "modelVersion": "m-1-dated"})]
    return [*parts, event(chunk("", usage, "STOP"))]
