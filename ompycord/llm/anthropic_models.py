"""Models that are spoken to as Anthropic's. Imported on their first use."""

from typing import Any

import httpx2
from anthropic import AsyncAnthropic
from pydantic_ai.models import Model
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.providers.anthropic import AnthropicProvider

from ompycord.llm.in_process import HOST

__all__ = ["anthropic_model"]


def anthropic_model(name: str, *, token: str, client: httpx2.AsyncClient) -> Model[Any]:
    """The gateway tries again by itself, so the client does not."""
    anthropic = AsyncAnthropic(base_url=HOST, api_key=token, http_client=client, max_retries=0)
    return AnthropicModel(name, provider=AnthropicProvider(anthropic_client=anthropic))
