"""The agents that the how-to configures are agents that this version takes, one of every kind that people name."""

import re
from pathlib import Path
from typing import Any, get_args

import yaml

from ompycord.agents.registry import adapters
from ompycord.domain.repository import AgentSpec
from ompycord.workspaces.launcher import UnconfinedLauncher

PAGE = Path(__file__).parents[3] / "docs/how-to/bring-your-own-agent.md"


def documented() -> list[AgentSpec]:
    blocks = re.findall(r"^```yaml\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    agents: dict[str, dict[str, Any]] = {}
    for block in blocks:
        agents |= yaml.safe_load(block).get("agents", {})
    return [AgentSpec.model_validate({"name": name, **spec}) for name, spec in agents.items()]


def test_every_agent_of_the_page_is_taken_and_every_kind_has_an_example() -> None:
    assert {spec.kind for spec in documented()} == set(adapters(launcher=UnconfinedLauncher(path=""))) - {"rehearsal"}


def test_every_kind_of_the_configuration_has_an_adapter() -> None:
    kinds = set(get_args(AgentSpec.model_fields["kind"].annotation))
    assert kinds == set(adapters(launcher=UnconfinedLauncher(path="")))
