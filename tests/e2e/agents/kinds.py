"""The agents of `test_real_journeys.py`.

How each is configured, and how a model without a mind makes it write, ask and run.
"""

import json
from pathlib import Path
from typing import Any

from tests.e2e.agents.homes import a_minute_later, gemini_settings, omp_settings, opencode_settings, qwen_settings
from tests.e2e.agents.journey import OPTIONS, QUESTION, Kind


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
    grants = at_home(home, ".gemini/settings.json", gemini_settings())
    env = {"GEMINI_API_KEY": "none", "GOOGLE_GEMINI_BASE_URL": model, "GEMINI_CLI_TRUST_WORKSPACE": "true"}
    command = ["gemini", "--acp", "--model", "gemini-2.5-flash"]
    return {"kind": "acp", "command": command, "env": env, "grants": grants}


QWEN: dict[str, Any] = {"kind": "acp", "command": ["qwen", "--acp"]}
COPILOT: dict[str, Any] = {"kind": "acp", "command": ["copilot", "--acp"]}
"""As their pages in docs/how-to have them; the model that `make agents` gives them stands in their variables."""


def openai_env(model: str) -> dict[str, str]:
    return {"OPENAI_BASE_URL": f"{model}/v1", "OPENAI_API_KEY": "none", "OPENAI_MODEL": "stub-1"}


def qwen_config(model: str, home: Path) -> dict[str, Any]:
    grants = at_home(home, ".qwen/settings.json", qwen_settings())
    return {**QWEN, "env": openai_env(model), "grants": grants}


def copilot_config(model: str, home: Path) -> dict[str, Any]:
    env = {
        "COPILOT_PROVIDER_TYPE": "openai",
        "COPILOT_PROVIDER_BASE_URL": f"{model}/v1",
        "COPILOT_PROVIDER_API_KEY": "none",
        "COPILOT_OFFLINE": "true",
        "COPILOT_MODEL": "stub-1",
    }
    return {**COPILOT, "env": env}


def by_mcp(tool: str) -> str:
    """Asks through our own tool, as this agent names it."""
    return call(tool, question=QUESTION, options=OPTIONS, wait_s=20)


def escalated(command: str) -> str:
    return call("exec_command", cmd=command, sandbox_permissions="require_escalated", justification="w")


def printed(path: str, content: str) -> str:
    """A command that writes a file, for agents whose own tool wants a whole path, which nobody knows before."""
    return f"printf '{content}' > {path}".replace("\n", "\\n")


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
        speaks_openai=True,
        answer_usd=0.003735,
    ),
    Kind(
        name="opencode",
        config=opencode_config,
        write=lambda path, content: call("write", filePath=path, content=content),
        run=lambda command: call("bash", command=command, description="run"),
        ask=by_mcp("ompycord_ask_human"),
        speaks_openai=True,
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
        asks_approval_to_ask=True,
    ),
    Kind(
        name="codex",
        config=codex_config,
        write=lambda path, content: escalated(printed(path, content)),
        run=escalated,
        ask=by_mcp("mcp__ompycord::ask_human"),
        speaks_openai=True,
    ),
    Kind(
        name="gemini",
        config=gemini_config,
        write=lambda path, content: call("write_file", file_path=path, content=content),
        run=lambda command: call("run_shell_command", command=command),
        rested=a_minute_later,
        asks_approval_to_ask=True,
        ask=by_mcp("mcp_ompycord_ask_human"),
    ),
    Kind(
        name="qwen",
        config=qwen_config,
        write=lambda path, content: call("run_shell_command", command=printed(path, content), is_background=False),
        run=lambda command: call("run_shell_command", command=command, is_background=False),
        ask=by_mcp("mcp__ompycord__ask_human"),
        speaks_openai=True,
    ),
    Kind(
        name="copilot",
        config=copilot_config,
        write=lambda path, content: call("bash", command=printed(path, content), description="write"),
        run=lambda command: call("bash", command=command, description="run"),
        ask=by_mcp("ompycord-ask_human"),
        speaks_openai=True,
    ),
]
