"""Options of an agent as configuration makes them: by their kind."""

from collections.abc import Mapping
from typing import Any

from ompycord.agents.kind import AgentOptions
from ompycord.agents.registry import AGENT_KINDS

__all__ = ["KINDS", "agent_options"]

KINDS = ("acp", "command", "native", "omp_rpc", "rehearsal", "stream_json")
"""Our own; `tests/unit/agents/test_registry.py` compares."""


def agent_options(values: Mapping[str, Any]) -> AgentOptions:
    return AGENT_KINDS.get(values["kind"]).options.model_validate(values)
