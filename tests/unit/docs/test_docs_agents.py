"""The agents that the how-to configures are agents that this version takes, one of every kind that people name."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from ompycord.agents.kind import AgentOptions
from ompycord.agents.registry import AGENT_KINDS, adapters
from ompycord.workspaces.confinement.launcher import UnconfinedLauncher
from tests.e2e.agents.conftest import PACKAGES
from tests.e2e.agents.kinds import COPILOT, QWEN
from tests.e2e.agents.test_real_acp import codex, gemini
from tests.e2e.agents.test_real_omp import spec as omp_spec
from tests.e2e.agents.test_real_opencode import SPEC as OPENCODE
from tests.support.agent_options import KINDS, agent_options

FOLDER = Path(__file__).parents[3] / "docs/how-to"
PAGE = Path(__file__).parents[3] / "docs/how-to/bring-your-own-agent.md"


def documented(page: Path = PAGE) -> list[AgentOptions]:
    blocks = re.findall(r"^```yaml\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    agents: dict[str, dict[str, Any]] = {}
    for block in blocks:
        agents |= yaml.safe_load(block).get("agents", {})
    return [agent_options({"name": name, **spec}) for name, spec in agents.items()]


def test_every_agent_of_the_page_is_taken_and_every_kind_has_an_example() -> None:
    assert {spec.kind for spec in documented()} == set(adapters(launcher=UnconfinedLauncher(path=""))) - {"rehearsal"}


def test_every_kind_of_the_configuration_has_an_adapter() -> None:
    assert set(AGENT_KINDS.names) == set(KINDS) == set(adapters(launcher=UnconfinedLauncher(path="")))


TRIED: dict[str, Sequence[str]] = {
    "use-omp": omp_spec("always-ask")["command"][:1],
    "use-opencode": OPENCODE["command"],
    "use-claude-code": (),
    "use-gemini-cli": gemini("")["command"],
    "use-codex": codex("")["command"],
    "use-qwen-code": QWEN["command"],
    "use-copilot-cli": COPILOT["command"],
}
"""What the tests of real agents start (`make agents`), for the page of each."""


@pytest.mark.parametrize("name", sorted(TRIED))
def test_the_page_of_an_agent_configures_what_is_tried_for_real(name: str) -> None:
    page = FOLDER / f"{name}.md"
    first, *_ = documented(page)
    assert all(grant.is_absolute() for grant in first.grants.files)
    assert first.command[: len(TRIED[name])] == tuple(TRIED[name])
    text = page.read_text(encoding="utf-8")
    assert f"ompycord conformance {first.name}\n" in text
    installed = re.findall(r"npm install -g ([^\s`]+)", text)
    known = {package for packages in PACKAGES.values() for package in packages}
    assert installed
    assert set(installed) <= known


def test_every_agent_of_the_tests_of_real_agents_has_a_page() -> None:
    text = "\n".join((FOLDER / f"{name}.md").read_text(encoding="utf-8") for name in TRIED)
    packages = [package for packages in PACKAGES.values() for package in packages if not package.startswith("bun@")]
    assert [package for package in packages if package not in text] == []
