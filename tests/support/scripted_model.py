"""What a stub provider answers without a stream, in four dialects, as a test scripts it.

Written from the APIs' own types.

A script is a list of tool calls, each `(tool, arguments)`, and the last words. Counterpart of `ompycord/llm/`, of which
nothing is used here.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from tests.support.stub_provider import Asked, Reply

Step = tuple[str, Mapping[str, Any]] | str
Script = Sequence[Step]
INPUT, OUTPUT = 1000, 100
"""Tokens of each answer."""
SEALED = "c2VhbGVk"
"""What Gemini wants back with a call."""


class ScriptedModel:
    """Answers by the first of `scripts` whose words stand in the request; the next step of it each time."""

    def __init__(self, scripts: Mapping[str, Script]) -> None:
        self._scripts = scripts
        self.seen: list[str] = []
        """Which script each request had."""

    def reply(self) -> Reply:
        return Reply(by=self, headers={"content-type": "application/json"})

    def __call__(self, asked: Asked) -> Sequence[bytes]:
        text = asked.body.decode()
        name = next(words for words in self._scripts if words in text)
        self.seen.append(name)
        step = self._scripts[name][_results(asked)]
        named, _, kind = asked.path.rpartition("/")[2].rpartition(":")  # Gemini's path names the model
        return [json.dumps(ANSWERS[kind](named or asked.json["model"], step)).encode()]


def _results(asked: Asked) -> int:
    """How many results of tools it holds since the last words of a person."""
    body = asked.json
    messages: list[Any] = body.get("messages") or body.get("input") or body.get("contents") or []
    count = 0
    for one in messages:
        content: Any = one.get("content") or one.get("parts")
        parts: list[Any] = list(cast("list[Any]", content)) if isinstance(content, list) else []
        results = sum(part.get("type") == "tool_result" or "functionResponse" in part for part in parts)
        is_person = one.get("role") == "user" and (isinstance(content, str) or results < len(parts))
        count = 0 if is_person else count
        count += results + (one.get("role") == "tool") + (one.get("type") == "function_call_output")
    return count


def chat(model: str, step: Step) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": step if isinstance(step, str) else None}
    if not isinstance(step, str):
        function = {"name": step[0], "arguments": json.dumps(step[1])}
        message["tool_calls"] = [{"id": "call_1", "type": "function", "function": function}]
    choice = {
        "index": 0, "message": message, "finish_reason": "stop" if isinstance(step, str) else "tool_calls",
        "logprobs": None,
    }  # fmt: skip
    usage = {"prompt_tokens": INPUT, "completion_tokens": OUTPUT, "total_tokens": INPUT + OUTPUT}
    return {
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": model, "choices": [choice],
        "usage": usage,
    }  # fmt: skip


def anthropic(model: str, step: Step) -> dict[str, Any]:
    block: dict[str, Any] = {"type": "text", "text": step, "citations": None}
    if not isinstance(step, str):
        block = {"type": "tool_use", "id": "toolu_1", "name": step[0], "input": dict(step[1])}
    return {
        "id": "msg_1", "type": "message", "role": "assistant", "model": model, "content": [block],
        "stop_reason": "end_turn" if isinstance(step, str) else "tool_use", "stop_sequence": None,
        "usage": {"input_tokens": INPUT, "output_tokens": OUTPUT},
    }  # fmt: skip


def responses(model: str, step: Step) -> dict[str, Any]:
    item: dict[str, Any] = {
        "type": "message", "id": "msg_1", "role": "assistant", "status": "completed",
        "content": [{"type": "output_text", "text": step, "annotations": []}],
    }  # fmt: skip
    if not isinstance(step, str):
        item = {
            "type": "function_call", "id": "fc_1", "call_id": "call_1", "name": step[0], "status": "completed",
            "arguments": json.dumps(step[1]),
        }  # fmt: skip
    usage = {
        "input_tokens": INPUT, "output_tokens": OUTPUT, "total_tokens": INPUT + OUTPUT,
        "input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0},
    }  # fmt: skip
    return {
        "id": "resp_1", "object": "response", "created_at": 1, "model": model, "status": "completed", "output": [item],
        "usage": usage, "parallel_tool_calls": True, "tool_choice": "auto", "tools": [],
    }  # fmt: skip


def gemini(model: str, step: Step) -> dict[str, Any]:
    part: dict[str, Any] = {"text": step}
    if not isinstance(step, str):
        part = {"functionCall": {"name": step[0], "args": dict(step[1])}, "thoughtSignature": SEALED}
    candidate = {"content": {"role": "model", "parts": [part]}, "finishReason": "STOP", "index": 0}
    usage = {"promptTokenCount": INPUT, "candidatesTokenCount": OUTPUT, "totalTokenCount": INPUT + OUTPUT}
    return {"candidates": [candidate], "modelVersion": model, "usageMetadata": usage}


ANSWERS: Mapping[str, Callable[[str, Step], dict[str, Any]]] = {
    "completions": chat,
    "messages": anthropic,
    "responses": responses,
    "generateContent": gemini,
}
