"""Models that are spoken to as Google's Gemini: one request and its answer, as their REST reference has them.

Imported on their first use. The company's own client library brings a dozen packages, of which one request needs none.
https://ai.google.dev/api/generate-content
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, cast

import httpx2
from pydantic_ai.exceptions import ModelAPIError, ModelHTTPError, UnexpectedModelBehavior
from pydantic_ai.messages import (
    FinishReason,
    ModelMessage,
    ModelResponse,
    ModelResponsePart,
    SystemPromptPart,
    TextPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.models import Model, ModelRequestParameters
from pydantic_ai.profiles.google import google_model_profile
from pydantic_ai.settings import ModelSettings
from pydantic_ai.tools import ToolDefinition

from ompycord.llm.in_process import HOST
from ompycord.llm.translation import SIGNATURE

__all__ = ["gemini_model"]

_WITHOUT: Final = "skip_thought_signature_validator"
"""In place of one for a call that has none: https://ai.google.dev/gemini-api/docs/thought-signatures, *FAQ*."""
_OK: Final = 200
_ENDS: Final[Mapping[str, FinishReason]] = {
    "STOP": "stop",
    "MAX_TOKENS": "length",
    "SAFETY": "content_filter",
    "RECITATION": "content_filter",
    "PROHIBITED_CONTENT": "content_filter",
    "BLOCKLIST": "content_filter",
}
Json = dict[str, Any]


def gemini_model(name: str, *, token: str, client: httpx2.AsyncClient) -> Model[Any]:
    """The gateway tries again by itself, so this does not."""
    return _GeminiModel(name, token=token, client=client)


class _GeminiModel(Model[httpx2.AsyncClient]):
    """One request an answer, without a stream."""

    def __init__(self, name: str, *, token: str, client: httpx2.AsyncClient) -> None:
        super().__init__(profile=google_model_profile(name))
        self._name = name
        self._token = token
        self._client = client

    @property
    def model_name(self) -> str:
        """See `Model`."""
        return self._name

    @property
    def system(self) -> str:
        """See `Model`."""
        return "google"

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        """See `Model`."""
        settings, parameters = self.prepare_request(model_settings, model_request_parameters)
        body: Json = {"contents": [*_contents(messages)], **_tools(parameters), **_bounds(settings or {})}
        if instructions := self._get_instruction_parts(messages, parameters):
            body["systemInstruction"] = {"parts": [{"text": one.content} for one in instructions]}
        url = f"{HOST}/v1beta/models/{self._name}:generateContent"
        try:
            response = await self._client.post(url, json=body, headers={"x-goog-api-key": self._token})
        except httpx2.HTTPError as error:
            raise ModelAPIError(self._name, str(error)) from error
        if response.status_code != _OK:
            raise ModelHTTPError(response.status_code, self._name, _read(response))
        return self._response(_read(response))

    def _response(self, content: object) -> ModelResponse:
        """Raises UnexpectedModelBehavior for what is no answer, or one that was held back."""
        if not isinstance(content, dict):
            raise UnexpectedModelBehavior("the answer is no JSON object")
        candidates = cast("Json", content).get("candidates")
        if not candidates:
            blocked = cast("Json", content).get("promptFeedback", {}).get("blockReason")
            raise UnexpectedModelBehavior(f"the request was blocked: {blocked}" if blocked else "it has no candidate")
        first: Json = cast("list[Json]", candidates)[0]
        parts = [*_parts_of(first.get("content", {}).get("parts", []))]
        end = first.get("finishReason", "STOP")
        if not parts and end not in {"STOP", "MAX_TOKENS"}:
            raise UnexpectedModelBehavior(f"it ended without words: {end}")
        return ModelResponse(
            parts=parts or [TextPart(content="")], model_name=self._name, provider_name=self.system,
            finish_reason=_ENDS.get(end),
        )  # fmt: skip


def _read(response: httpx2.Response) -> object:
    try:
        return response.json()
    except ValueError:
        return response.text


def _bounds(settings: ModelSettings) -> Json:
    given = {"maxOutputTokens": settings.get("max_tokens"), "temperature": settings.get("temperature")}
    config = {name: value for name, value in given.items() if value is not None}
    return {"generationConfig": config} if config else {}


def _tools(parameters: ModelRequestParameters) -> Json:
    """What the model may call; where it may not answer in words, it must."""
    tools = [*parameters.function_tools, *parameters.output_tools]
    if not tools:
        return {}
    mode = "AUTO" if parameters.allow_text_output else "ANY"
    declared = [_declared(one) for one in tools]
    return {
        "tools": [{"functionDeclarations": declared}],
        "toolConfig": {"functionCallingConfig": {"mode": mode}},
    }


def _declared(tool: ToolDefinition) -> Json:
    schema = tool.parameters_json_schema
    return {"name": tool.name, "description": tool.description or tool.name, "parametersJsonSchema": schema}


# -- what is said ------------------------------------------------------------------------------------------------------


def _contents(messages: Sequence[ModelMessage]) -> Iterator[Json]:
    """The turns. Results of calls stand in one of their own: beside words they are taken for the model's."""
    for message in messages:
        if isinstance(message, ModelResponse):
            yield {"role": "model", "parts": [*_model_parts(message)]}
            continue
        results = [part for one in message.parts if (part := _result(one)) is not None]
        words = [part for one in message.parts if (part := _words(one)) is not None]
        yield from ({"role": "user", "parts": parts} for parts in (results, words) if parts)


def _result(part: object) -> Json | None:
    if not isinstance(part, ToolReturnPart):
        return None
    response = part.model_response_object()
    return {"functionResponse": {"name": part.tool_name, "id": part.tool_call_id, "response": response}}


def _words(part: object) -> Json | None:
    """Without pictures and the like, which our messages never have."""
    if isinstance(part, SystemPromptPart):
        return {"text": part.content}
    if not isinstance(part, UserPromptPart):
        return None
    content = part.content
    return {"text": content if isinstance(content, str) else "\n".join(one for one in content if isinstance(one, str))}


def _model_parts(response: ModelResponse) -> Iterator[Json]:
    """What the model said. The first call of a turn must have a signature, if only the one that says there is none."""
    is_first = True
    for part in response.parts:
        if isinstance(part, TextPart):
            yield {"text": part.content}
        elif isinstance(part, ToolCallPart):
            sent: Json = {
                "functionCall": {"name": part.tool_name, "id": part.tool_call_id, "args": part.args_as_dict()}
            }
            signature = (part.provider_details or {}).get(SIGNATURE) or (_WITHOUT if is_first else None)
            yield sent if signature is None else {**sent, "thoughtSignature": signature}
            is_first = False


def _parts_of(parts: Sequence[Json]) -> Iterator[ModelResponsePart]:
    for number, part in enumerate(parts):
        call = part.get("functionCall")
        if isinstance(call, dict):
            named = cast("Json", call)
            signature = part.get("thoughtSignature")
            yield ToolCallPart(
                tool_name=named["name"], args=json.dumps(named.get("args") or {}),
                tool_call_id=named.get("id") or f"call_{number}",
                provider_details={SIGNATURE: signature} if signature else None,
            )  # fmt: skip
        elif isinstance(part.get("text"), str) and not part.get("thought"):
            yield TextPart(content=part["text"])
