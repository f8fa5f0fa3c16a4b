"""Our messages as pydantic-ai has them, and its answers as ours. Imported with the library, on its first use."""

from collections.abc import Sequence
from typing import Final

from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelRequestPart,
    ModelResponse,
    ModelResponsePart,
    TextPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.settings import ModelSettings
from pydantic_ai.tools import ToolDefinition

from ompycord.domain.ports.models import (
    LONGEST_SIGNATURE,
    ModelCall,
    ModelReply,
    ModelToolCall,
    PromptMessage,
    ReplyMessage,
    ToolMessage,
)

__all__ = ["SIGNATURE", "messages_of", "parameters_of", "reply_of", "settings_of"]

_EMPTY: Final = "(empty)"
"""Stands for a text without a character, which some providers refuse."""
SIGNATURE: Final = "thought_signature"
"""The name in a call's details of what the provider wants back with it."""
_NAME: Final = 256
"""Characters that `ModelToolCall` takes; ids in which a provider packs what its model thought are longer."""


def messages_of(call: ModelCall) -> list[ModelMessage]:
    """The whole conversation, the template first."""
    found: list[ModelMessage] = []
    parts: list[ModelRequestPart] = []
    for message in call.messages:
        if isinstance(message, ReplyMessage):
            if parts:
                found.append(_request(call, parts))
                parts = []
            found.append(_response(message))
        else:
            parts.append(_part(message))
    if parts:
        found.append(_request(call, parts))
    return found


def _request(call: ModelCall, parts: Sequence[ModelRequestPart]) -> ModelRequest:
    return ModelRequest(parts=parts, instructions=call.template.text)


def _part(message: PromptMessage | ToolMessage) -> ModelRequestPart:
    if isinstance(message, PromptMessage):
        return UserPromptPart(content=message.text or _EMPTY)
    return ToolReturnPart(tool_name=message.tool, content=message.text or _EMPTY, tool_call_id=message.call)


def _response(message: ReplyMessage) -> ModelResponse:
    parts: list[ModelResponsePart] = [TextPart(content=message.text)] if message.text else []
    parts += [_call(one) for one in message.calls]
    return ModelResponse(parts=parts or [TextPart(content=_EMPTY)])


def _call(call: ModelToolCall) -> ToolCallPart:
    details = None if call.signature is None else {SIGNATURE: call.signature}
    return ToolCallPart(tool_name=call.tool, args=call.arguments, tool_call_id=call.id, provider_details=details)


def parameters_of(call: ModelCall) -> ModelRequestParameters:
    """The tools that are offered."""
    tools = [
        ToolDefinition(name=one.name, description=one.description, parameters_json_schema=one.parameters)
        for one in call.tools
    ]
    return ModelRequestParameters(function_tools=tools)


def settings_of(call: ModelCall) -> ModelSettings:
    """Temperature and the bound of tokens."""
    settings = ModelSettings(max_tokens=call.most_tokens)
    if call.temperature is not None:
        settings["temperature"] = call.temperature
    return settings


def reply_of(response: ModelResponse) -> ModelReply:
    """Text and calls; what a model thought is left out."""
    texts = [part.content for part in response.parts if isinstance(part, TextPart)]
    calls = [
        ModelToolCall(
            id=part.tool_call_id[:_NAME] or "call",
            tool=part.tool_name[:_NAME],
            arguments=part.args_as_json_str(),
            signature=_signature(part),
        )
        for part in response.parts
        if isinstance(part, ToolCallPart)
    ]
    return ModelReply(text="".join(texts), calls=tuple(calls), is_cut=response.finish_reason == "length")


def _signature(part: ToolCallPart) -> str | None:
    found = (part.provider_details or {}).get(SIGNATURE)
    return found if isinstance(found, str) and len(found) <= LONGEST_SIGNATURE else None
