"""Calls of models by pydantic-ai: imported on its first use alone, since it takes a second and some fifty megabytes."""

from typing import Any, Final, TypeVar, cast

import httpx2
from pydantic import BaseModel
from pydantic_ai import Agent, ToolOutput
from pydantic_ai.direct import model_request
from pydantic_ai.exceptions import AgentRunError, ModelHTTPError, UnexpectedModelBehavior, UserError
from pydantic_ai.models import Model
from starlette.types import ASGIApp

from ompycord.domain.ports.models import ModelCall, ModelReply
from ompycord.errors import ModelFailed
from ompycord.llm.in_process import gateway_client
from ompycord.llm.translation import messages_of, parameters_of, reply_of, settings_of

__all__ = ["fill", "reply"]

S = TypeVar("S", bound=BaseModel)
_WORDS: Final = 1000
_UNREADABLE: Final = (AttributeError, LookupError, TypeError, ValueError)
"""What the library raises for JSON that is no answer of its dialect."""


async def reply(call: ModelCall, *, gateway: ASGIApp, dialect: str, token: str) -> ModelReply:
    """One answer. Raises ModelFailed."""
    async with gateway_client(gateway) as client:
        model = _model_of(call.model, dialect, token, client)
        try:
            response = await model_request(
                model, messages_of(call), model_settings=settings_of(call), model_request_parameters=parameters_of(call)
            )
            return reply_of(response)
        except (AgentRunError, UserError, *_UNREADABLE) as error:
            raise _failed(call, error) from error


async def fill(
    call: ModelCall, shape: type[S], *, tries: int, gateway: ASGIApp, dialect: str, token: str
) -> S:  # fmt: skip
    """An answer in a shape; one that does not fit goes back so many times. Raises ModelFailed."""
    async with gateway_client(gateway) as client:
        model = _model_of(call.model, dialect, token, client)
        agent = Agent(model, output_type=ToolOutput(shape), instructions=call.template.text, retries=tries)
        try:
            result = await agent.run(
                message_history=messages_of(call), model_settings=settings_of(call), infer_name=False
            )
        except UnexpectedModelBehavior as error:
            words = f"{call.model} did not answer in the shape that was asked for: {str(error)[:_WORDS]}"
            raise ModelFailed(words) from error
        except (AgentRunError, UserError, *_UNREADABLE) as error:
            raise _failed(call, error) from error
    return result.output


def _model_of(name: str, dialect: str, token: str, client: httpx2.AsyncClient) -> Model[Any]:
    if dialect == "anthropic":
        from ompycord.llm.anthropic_models import anthropic_model

        return anthropic_model(name, token=token, client=client)
    if dialect == "gemini":
        from ompycord.llm.gemini_models import gemini_model

        return gemini_model(name, token=token, client=client)
    from ompycord.llm.openai_models import openai_model

    return openai_model(name, token=token, client=client, is_responses=dialect == "responses")


def _failed(call: ModelCall, error: Exception) -> ModelFailed:
    """The words of a refusal are those of the provider, or of the gateway."""
    if isinstance(error, ModelHTTPError):
        words = _words_in(error.body) or f"{call.model} answered {error.status_code}."
        return ModelFailed(words, status=error.status_code)
    return ModelFailed(f"{call.model} did not answer as it must: {str(error)[:_WORDS]}")


def _words_in(body: object) -> str:
    """The message in the body of an error, in the shapes of all dialects."""
    if isinstance(body, dict):
        fields = cast("dict[str, object]", body)
        return _words_in(fields.get("error")) or _words_in(fields.get("message"))
    return body.strip()[:_WORDS] if isinstance(body, str) else ""
