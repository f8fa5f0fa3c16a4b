"""Models that are spoken to as OpenAI's: chat completions and responses. Imported on their first use."""

from typing import Any

import httpx2
from openai import AsyncOpenAI
from pydantic_ai.models import Model
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel, OpenAIResponsesModelSettings
from pydantic_ai.providers.openai import OpenAIProvider

from ompycord.llm.in_process import HOST

__all__ = ["openai_model"]


def openai_model(name: str, *, token: str, client: httpx2.AsyncClient, is_responses: bool) -> Model[Any]:
    """The gateway tries again by itself, so the client does not."""
    openai = AsyncOpenAI(base_url=f"{HOST}/v1", api_key=token, http_client=client, max_retries=0)
    provider = OpenAIProvider(openai_client=openai)
    if is_responses:
        return OpenAIResponsesModel(name, provider=provider, settings=OpenAIResponsesModelSettings(openai_store=False))
    return OpenAIChatModel(name, provider=provider)
