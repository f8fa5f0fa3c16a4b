"""Real agents at work for two people: asked, allowed, steered, stopped, resumed, killed with the bot, and true to the end."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.agents.conftest import installed, omp_settings, opencode_settings
from tests.e2e.agents.journey import (
    OPTIONS,
    PATIENCE_S,
    QUESTION,
    Journey,
    Kind,
    allowing,
    begin,
    configuration,
    vault,
)
from tests.e2e.test_journeys import git
from tests.support.playground_person import Person
from tests.support.product import running_product

pytestmark = [pytest.mark.agents, pytest.mark.e2e, pytest.mark.timeout(400, func_only=True)]

CO_AUTHOR = "Mo <mo@example.com>"
ANSWER_TOKENS = 45
"""What every answer of the model says that it took."""


def at_home(home: Path, name: str, text: str) -> dict[str, Any]:
    """A file of the user's own that the agent is granted."""
    file = home / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return {"files": [str(file)]}


def omp_config(model: str, home: Path) -> dict[str, Any]:
    command = ["omp", "--model", "stub/stub-1", "--approval-mode", "always-ask"]
    grants = at_home(home, ".omp/agent/models.yml", omp_settings(f"{model}/v1"))
    return {"kind": "omp_rpc", "command": command, "grants": grants}


def opencode_config(model: str, home: Path) -> dict[str, Any]:
    grants = at_home(home, ".config/opencode/opencode.json", opencode_settings(f"{model}/v1"))
    return {"kind": "acp", "command": ["opencode", "acp"], "grants": grants}


def claude_env(model: str) -> dict[str, str]:
    quiet = dict.fromkeys(("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "DISABLE_AUTOUPDATER"), "1")
    return {"ANTHROPIC_BASE_URL": model, "ANTHROPIC_API_KEY": "none", **quiet}


def claude_config(model: str, home: Path) -> dict[str, Any]:
    return {"kind": "stream_json", "model": "stub-1", "env": claude_env(model)}


def codex_config(model: str, home: Path) -> dict[str, Any]:
    provider = f'[model_providers.stub]\nname = "stub"\nbase_url = "{model}/v1"\nwire_api = "responses"\n'
    settings = f'model = "stub-1"\nmodel_provider = "stub"\n{provider}'
    grants = at_home(home, ".codex/config.toml", settings)
    return {"kind": "acp", "command": ["codex-acp"], "mode": "read-only", "grants": grants}


def gemini_config(model: str, home: Path) -> dict[str, Any]:
    document = {"security": {"auth": {"selectedType": "gemini-api-key"}}, "general": {"disableAutoUpdate": True}}
    grants = at_home(home, ".gemini/settings.json", json.dumps(document))
    env = {"GEMINI_API_KEY": "none", "GOOGLE_GEMINI_BASE_URL": model, "GEMINI_CLI_TRUST_WORKSPACE": "true"}
    command = ["gemini", "--acp", "--model", "gemini-2.5-flash"]
    return {"kind": "acp", "command": command, "env": env, "grants": grants}


def by_mcp(tool: str) -> str:
    """Asks through our own tool, as this agent names it."""
    return call(tool, question=QUESTION, options=OPTIONS, wait_s=20)


def escalated(command: str) -> str:
    return call("exec_command", cmd=command, sandbox_permissions="require_escalated", justification="w")


def call(tool: str, **arguments: Any) -> str:
    return f"CALL {tool} {json.dumps(arguments)}"


KINDS = [
    Kind(
        name="omp",
        config=omp_config,
        write=lambda path, content: call("write", path=path, content=content),
        run=lambda command: call("bash", command=command),
        ask=call("ask", questions=[{"id": "p", "question": QUESTION, "options": [{"label": one} for one in OPTIONS]}]),
        flag="--resume=",
        speaks_chat=True,
        answer_usd=0.003735,
    ),
    Kind(
        name="opencode",
        config=opencode_config,
        write=lambda path, content: call("write", filePath=path, content=content),
        run=lambda command: call("bash", command=command, description="run"),
        ask=by_mcp("ompycord_ask_human"),
        speaks_chat=True,
    ),
    Kind(
        name="claude",
        config=claude_config,
        write=lambda path, content: call("Write", file_path=path, content=content),
        run=lambda command: call("Bash", command=command, description="run"),
        ask=call(
            "AskUserQuestion",
            questions=[
                {
                    "question": QUESTION,
                    "header": "port",
                    "multiSelect": False,
                    "options": [{"label": one, "description": one} for one in OPTIONS],
                }
            ],
        ),
        flag="--resume=",
    ),
    Kind(
        name="claude-agent-acp",
        config=lambda model, home: {"kind": "acp", "command": ["claude-agent-acp"], "env": claude_env(model)},
        write=lambda path, content: call("Write", file_path=path, content=content),
        run=lambda command: call("Bash", command=command, description="run"),
        ask=by_mcp("mcp__ompycord__ask_human"),
    ),
    Kind(
        name="codex",
        config=codex_config,
        write=lambda path, content: escalated(f"printf '{content}' > {path}".replace("\n", "\\n")),
        run=escalated,
    ),
    Kind(
        name="gemini",
        config=gemini_config,
        write=lambda path, content: call("write_file", file_path=path, content=content),
        run=lambda command: call("run_shell_command", command=command),
        keeps_session=False,
        ask=by_mcp("mcp_ompycord_ask_human"),
    ),
]


def marked(kind: Kind) -> Any:
    return pytest.param(kind, id=kind.name, marks=[] if kind.speaks_chat else [pytest.mark.shared])


@pytest.fixture(params=[marked(kind) for kind in KINDS])
def kind(request: pytest.FixtureRequest) -> Kind:
    made: Kind = request.param
    return made


@pytest.fixture
def stub(kind: Kind, request: pytest.FixtureRequest) -> str:
    """The address of a model without a mind that speaks its provider's dialect."""
    address: str = request.getfixturevalue("model" if kind.speaks_chat else "address")
    return address.removesuffix("/v1")


def tasks(kind: Kind) -> tuple[str, str, str]:
    """What the agent is asked first, what it is steered to, and how it comes to its end."""
    first = (
        kind.write("a.txt", "one\ntwo\n"),
        *([kind.ask] if kind.ask else []),
        kind.run("cp a.txt b.txt"),
        kind.run("sleep 25"),
        "SAY first",
    )
    steered = (kind.write("steered.txt", "heard\n"), kind.run("sleep 40"), "SAY second")
    # Twice: where words come with the result of what they cut short, the model without a mind takes that for its first step's.
    last = (*[kind.write("last.txt", "end\n")] * 2, "SAY all is done")
    return "\n".join(first), "\n".join(steered), "\n".join(last)


async def test_from_its_first_word_to_its_branch(kind: Kind, tmp_path: Path, stub: str) -> None:
    first, steered, last = tasks(kind)
    repository, home = vault(tmp_path), tmp_path / "home"
    home.mkdir()
    environ = {"HOME": str(home), "PATH": f"{installed(kind.name)}{os.pathsep}{os.environ['PATH']}"}
    config = configuration(kind, repository, stub, home)
    async with (
        running_product(tmp_path, config=config, environ=environ) as product,
        allowing(product.playground.ada) as read,
    ):
        await signs(product.playground.mo)
        journey = await begin(product, kind, first)
        if kind.ask:
            await answered(journey)
        await journey.at_work_on("sleep 25", 1)
        await journey.says(steered)
        await journey.at_work_on("sleep 40", 1)
        await journey.commands("omp stop")
        await journey.until("run.state", lambda seen: seen[-1]["state"] == "SUSPENDED")
        await journey.commands("omp resume")
        await journey.at_work_on("sleep 40", 2)
        await product.kill()
        await product.start()
        await journey.at_work_on("sleep 40", 3)
        session = sessions(journey, kind, starts=3)
        if kind.flag:
            assert [line for line in journey.programs() if f"{kind.flag}{session}" in line]
        await journey.says(last)
        await ended(journey, kind, repository)
        assert any("cp a.txt b.txt" in text for text in read)


async def signs(mo: Person) -> None:
    """Mo wants to stand on commits."""
    form = await mo.command("omp settings", "tasks")
    await mo.submit_modal(form, pings=["thread"], agent=["-"], commits=CO_AUTHOR)
    await mo.wait_message(lambda m: "Saved." in m.text)


async def answered(journey: Journey) -> None:
    """Mo answers by a button."""
    question = await journey.mo.wait_message(lambda m: QUESTION in m.text and OPTIONS[1] in m.labels, PATIENCE_S)
    await journey.mo.click(question, OPTIONS[1])
    await journey.mo.wait_message(lambda m: m.id == question.id and not m.labels and OPTIONS[1] in m.text)


def sessions(journey: Journey, kind: Kind, *, starts: int) -> str:
    """The one session of all its starts; of an agent that may begin anew, the latest."""
    opened = [one["session"] for one in journey.facts("session.opened")]
    if kind.keeps_session:
        assert opened == [opened[0]] * starts
    return opened[-1]


async def ended(journey: Journey, kind: Kind, repository: Path) -> None:
    """The result, the card and the branch say the same, and it is true."""
    result = await journey.mo.wait_message(lambda m: f"{journey.short} · result" in m.text, PATIENCE_S)
    card = await journey.card("Done, checked")
    branch = f"ompycord/{journey.short}"
    changed = git(repository, "diff", "--numstat", f"main...{branch}").splitlines()
    assert changed == ["2\t0\ta.txt", "2\t0\tb.txt", "1\t0\tlast.txt", "1\t0\tsteered.txt"]
    assert git(repository, "log", "-1", "--format=%B", branch).endswith(f"Co-authored-by: {CO_AUTHOR}")
    for message in (result, card):
        assert "Done, checked" in message.text
        assert "Changed 4 files +6−0" in message.text
        assert f"\nCost\n{cost(journey, kind)}\n" in message.text
    assert {one["by"] for one in journey.facts("approval.granted")} == {"Ada"}
    assert {one["by"] for one in journey.facts("question.answered")} == ({"Mo"} if kind.ask else set())
    await journey.one_of_each()


def cost(journey: Journey, kind: Kind) -> str:
    """What all answers of the model cost together, as people read it."""
    usage = journey.facts("usage.updated")
    stated = sum(one.get("cost_usd") or 0 for one in usage)
    if kind.answer_usd is not None:
        answers = sum(one["output"] for one in usage) / ANSWER_TOKENS
        assert stated == pytest.approx(answers * kind.answer_usd)
    return f"${stated:.2f}" if stated else "cost unknown"
