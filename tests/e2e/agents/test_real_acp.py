"""Codex, Gemini CLI and Claude Code over the Agent Client Protocol, from npm.

Against the shared stub of their providers.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from ompycord.agents.acp import AcpAgent
from ompycord.agents.conformance import RULES, Rule, Trial
from ompycord.domain.events import (
    ApprovalGranted,
    ApprovalRequested,
    Message,
    Note,
    SessionOpened,
    ToolFinished,
    ToolStarted,
)
from ompycord.testing import ScriptedInbox
from tests.e2e.agents.conftest import AgentInput, MakePlace, Place, installed, working
from tests.e2e.agents.homes import a_minute_later, gemini_settings
from tests.e2e.agents.test_real_omp import WORDS

pytestmark = [
    pytest.mark.agents, pytest.mark.e2e, pytest.mark.shared, pytest.mark.timeout(240, func_only=True),
]  # fmt: skip


@dataclass(frozen=True)
class Kind:
    """How one of them is configured, and the script for which it writes `a.txt`."""

    name: str
    spec: Callable[[str], dict[str, Any]]
    writes: str
    prepare: Callable[[Place, str], None] = lambda place, address: None


def codex_settings(place: Place, address: str) -> None:
    file = place.home / ".codex/config.toml"
    file.parent.mkdir(parents=True)
    provider = f'[model_providers.stub]\nname = "stub"\nbase_url = "{address}/v1"\nwire_api = "responses"\n'
    file.write_text(f'model = "stub-1"\nmodel_provider = "stub"\n{provider}', encoding="utf-8")


def settle_gemini(place: Place, address: str) -> None:
    file = place.home / ".gemini/settings.json"
    file.parent.mkdir(parents=True)
    file.write_text(gemini_settings(), encoding="utf-8")


def codex(address: str) -> dict[str, Any]:
    return {"name": "codex", "kind": "acp", "command": ("codex-acp",), "mode": "read-only"}


def gemini(address: str) -> dict[str, Any]:
    env = {"GEMINI_API_KEY": "none", "GOOGLE_GEMINI_BASE_URL": address, "GEMINI_CLI_TRUST_WORKSPACE": "true"}
    return {"name": "gemini", "kind": "acp", "command": ("gemini", "--acp", "--model", "gemini-2.5-flash"), "env": env}


def claude(address: str) -> dict[str, Any]:
    env = {"ANTHROPIC_BASE_URL": address, "ANTHROPIC_API_KEY": "none", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1"}
    return {"name": "claude", "kind": "acp", "command": ("claude-agent-acp",), "env": env}


KINDS = [
    Kind(
        "codex", codex,
        'CALL exec_command {"cmd": "printf hi > a.txt", "sandbox_permissions": "require_escalated", "justification": '
        '"w"}',
        codex_settings,
    ),
    Kind("gemini", gemini, 'CALL write_file {"file_path": "a.txt", "content": "hi"}', settle_gemini),
    Kind("claude-agent-acp", claude, 'CALL Write {"file_path": "a.txt", "content": "hi"}'),
]  # fmt: skip


@pytest.fixture(params=KINDS, ids=lambda kind: kind.name)
def kind(request: pytest.FixtureRequest) -> Kind:
    made: Kind = request.param
    return made


@pytest.fixture
def place(kind: Kind, make_place: MakePlace, address: str) -> Place:
    made = make_place(installed(kind.name))
    kind.prepare(made, address)
    return made


async def test_a_whole_task_and_its_session_goes_on(kind: Kind, place: Place, address: str) -> None:
    heard, inbox, agent = AgentInput(), ScriptedInbox(), AcpAgent(launcher=place.launcher)
    task = kind.writes.replace('"a.txt"', json.dumps(str(place.clone / "a.txt"))) + "\nSAY all done"
    async with working(agent.run(place.job(kind.spec(address), task), heard.emit, inbox)) as run:
        asked = await heard.until(ApprovalRequested)
        inbox.send(ApprovalGranted(approval=asked.approval, by="Bob"))
    assert run.result().claim, run.result().message
    assert "all done" in (run.result().message or "")
    assert (place.clone / "a.txt").read_text(encoding="utf-8") == "hi"
    assert [one.ok for one in heard.of(ToolFinished)] == [True]
    assert not [note for note in heard.of(Note) if "does not know" in note.text]

    session = heard.of(SessionOpened)[0].session
    for words in ("back again", "and again"):  # twice: what going on leaves behind must not be in its way
        a_minute_later(place.home)
        again = AgentInput()
        outcome = await agent.run(place.job(kind.spec(address), f"SAY {words}", session=session), again.emit, inbox)
        assert outcome.claim, outcome.message
        assert [one.session for one in again.of(SessionOpened)] == [session]
        assert [one.text for one in again.of(Message) if "Model metadata" not in one.text] == [words]
        assert not [*again.of(ToolStarted), *again.of(ToolFinished), *again.of(Note)]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
async def test_the_contract(rule: Rule, kind: Kind, place: Place, address: str) -> None:
    spec = kind.spec(address)
    trial = Trial(
        adapter=AcpAgent(launcher=place.launcher),
        quick=lambda: place.job(spec, "SAY " + WORDS),
        long=lambda: place.job(spec, "SLOW 300\nSAY a b c d"),
    )
    assert await rule(trial) is None
