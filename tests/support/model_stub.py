"""A model without a mind: OpenAI's chat completions and responses, streamed, on loopback.

The latest prompt is its script.

    CALL <tool> <json>   the model calls that tool, one call an answer; SPACE::TOOL is a namespace's (responses only)
    SAY <text>           the last answer, once all calls have results; PICTURES in it is how many the prompt shows
    SLOW <seconds>       how long the last answer takes
    DOWN                 no answer: 503

Run: python model_stub.py PORT_FILE. It picks a port and writes it there.
"""

import asyncio
import json
import os
import re
import socket
import sys
import tempfile
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

STEP = re.compile(r"^\s*(?:CALL|SAY|SLOW|DOWN)\b", re.MULTILINE)
USAGE = {
    "prompt_tokens": 1200,
    "completion_tokens": 45,
    "total_tokens": 1245,
    "prompt_tokens_details": {"cached_tokens": 200},
}


def text_of(message: dict[str, Any]) -> str:
    content: str | list[dict[str, Any]] | None = message.get("content")
    if isinstance(content, str):
        return content
    return "\n".join(str(part.get("text", "")) for part in content or [])


def images_of(message: dict[str, Any]) -> int:
    content: str | list[dict[str, Any]] | None = message.get("content")
    return sum("image" in part["type"] for part in content) if isinstance(content, list) else 0


def answer(messages: list[dict[str, Any]]) -> tuple[str, tuple[str, str] | None, float]:
    """Text, call and seconds of the next answer."""
    scripts = [at for at, one in enumerate(messages) if one["role"] == "user" and STEP.search(text_of(one))]
    if not scripts:  # the agent asks for a title or the like
        return "A title", None, 0.0
    script, shown = text_of(messages[scripts[-1]]), images_of(messages[scripts[-1]])
    done = sum(one["role"] == "tool" for one in messages[scripts[-1] :])
    calls = re.findall(r"^\s*CALL (\S+) (\{.*\})\s*$", script, re.MULTILINE)
    if done < len(calls):
        return f"Step {done + 1}. ", calls[done], 0.0
    said, slow = re.findall(r"^\s*SAY (.*)$", script, re.MULTILINE), re.findall(r"^\s*SLOW (\d+)", script, re.MULTILINE)
    return (said or ["All done."])[-1].replace("PICTURES", str(shown)), None, float(slow[0]) if slow else 0.0


async def chat(request: Request) -> Response:
    body = await request.json()
    messages = body["messages"]
    if "DOWN" in text_of(messages[-1]):
        return JSONResponse({"error": {"message": "The stub is down"}}, status_code=503)
    return StreamingResponse(stream(body["model"], *answer(messages)), media_type="text/event-stream")


async def respond(request: Request) -> Response:
    body = await request.json()
    said = [one for one in body["input"] if one.get("role") == "user"]
    roles = {"function_call_output": "tool", "custom_tool_call_output": "tool"}
    messages = [one if one in said else {"role": roles.get(one.get("type"), "")} for one in body["input"]]
    text, call, slow = answer(messages)
    return StreamingResponse(events(text, call, slow), media_type="text/event-stream")


async def events(text: str, call: tuple[str, str] | None, slow: float) -> AsyncGenerator[str]:
    """An answer of the responses API: its items one after the other, then the whole."""

    def event(kind: str, **more: Any) -> str:
        return f"event: {kind}\ndata: {json.dumps({'type': kind, **more})}\n\n"

    whole: dict[str, Any] = {"id": f"resp_{os.urandom(4).hex()}", "object": "response", "output": []}
    yield event("response.created", response=whole)
    await asyncio.sleep(slow)  # the model thinks: a test chose for how long
    content: list[dict[str, Any]] = [{"type": "output_text", "text": text, "annotations": []}]
    items: list[dict[str, Any]] = [{"type": "message", "role": "assistant", "content": content}]
    if call:
        space, _, name = call[0].rpartition("::")
        one = {"type": "function_call", "name": name, "arguments": call[1], "call_id": f"call_{os.urandom(4).hex()}"}
        items.append(one | ({"namespace": space} if space else {}))
    for index, item in enumerate(items):
        item |= {"id": f"item_{os.urandom(4).hex()}", "status": "completed"}
        yield event("response.output_item.added", output_index=index, item={**item, "status": "in_progress"})
        yield event("response.output_item.done", output_index=index, item=item)
    used = {
        "input_tokens": 1200,
        "output_tokens": 45,
        "total_tokens": 1245,
        "input_tokens_details": {"cached_tokens": 200},
    }
    yield event("response.completed", response={**whole, "status": "completed", "output": items, "usage": used})


async def stream(model: str, text: str, call: tuple[str, str] | None, slow: float) -> AsyncGenerator[str]:
    def chunk(delta: dict[str, Any], finish: str | None = None, **more: Any) -> str:
        choices = [{"index": 0, "delta": delta, "finish_reason": finish}] if "usage" not in more else []
        whole = {
            "id": "stub",
            "object": "chat.completion.chunk",
            "created": 0,
            "model": model,
            "choices": choices,
            **more,
        }
        return f"data: {json.dumps(whole)}\n\n"

    words = re.findall(r"\S+\s*", text)
    for word in words:
        yield chunk({"role": "assistant", "content": word})
        await asyncio.sleep(slow / len(words))  # the same, word by word
    if call:
        function = {"name": call[0], "arguments": call[1]}
        one = {"index": 0, "id": f"call_{os.urandom(4).hex()}", "type": "function", "function": function}
        yield chunk({"tool_calls": [one]})
    yield chunk({}, "tool_calls" if call else "stop")
    yield chunk({}, usage=USAGE)
    yield "data: [DONE]\n\n"


def main(port_file: Path) -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    routes = [("/v1/chat/completions", chat), ("/v1/responses", respond)]
    app = Starlette(routes=[Route(path, serve, methods=["POST"]) for path, serve in routes])
    with tempfile.NamedTemporaryFile("w", dir=port_file.parent, delete=False) as ready:
        ready.write(str(listening.getsockname()[1]))
    Path(ready.name).rename(port_file)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
    asyncio.run(server.serve(sockets=[listening]))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
