"""Models that Ompycord asks itself, by pydantic-ai (the extra `llm`), through the model gateway like every agent."""

from ompycord.llm.gateway_models import GatewayModels
from ompycord.llm.installed import MISSING, is_installed
from ompycord.llm.kept_answers import KeptAnswers

__all__ = ["MISSING", "GatewayModels", "KeptAnswers", "is_installed"]
