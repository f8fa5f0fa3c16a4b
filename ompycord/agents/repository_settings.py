"""What an agent takes from files of the repository that it works in, and what we start it with so that it takes less.

A repository is whoever can push to it. A settings file there must not name the address to which an agent sends a granted key.
`converse.py`, `drive.py` and `version_probe.py` start every agent with `environment_of`; what stays open is in
docs/explanation/trust.md, *What a repository can tell an agent*, and was found with the programs themselves
(docs/platform/agents.md, *Settings of a repository*).
"""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ompycord.agents.level import layout_of
from ompycord.domain.ports import AgentJob
from ompycord.domain.repository import AgentSpec
from ompycord.processes.safe_open import NotGranted, safe_write

__all__ = [
    "CLAUDE_ARGUMENTS",
    "REPOSITORY_FILES",
    "SWITCHES",
    "RepositoryFiles",
    "clone_arguments",
    "environment_of",
    "folder_of",
    "instructions_folder",
    "own_environment",
    "start_folder",
    "starts_at_home",
    "write_instructions",
]

CLAUDE_ARGUMENTS: Final = ("--setting-sources", "user")
"""No settings, hooks, servers, plugins or skills of the project."""
_CLAUDE_TEXTS: Final = ("CLAUDE.md", ".claude/CLAUDE.md")
_INSTRUCTIONS: Final = (".ompycord", "CLAUDE.md")
_GEMINI: Final[Mapping[str, str]] = {
    **dict.fromkeys(("GOOGLE_GEMINI_BASE_URL", "GOOGLE_VERTEX_BASE_URL"), ""),
    **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"), ""),
    "CODE_ASSIST_ENDPOINT": "https://cloudcode-pa.googleapis.com",
}
"""What Gemini CLI then does not take from a `.env`: it replaces nothing that is set, be it empty. The last one, its own, may not be."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RepositoryFiles:
    """What one agent program does with files of the repository."""

    program: str
    kinds: frozenset[str]
    """The kinds of `AgentSpec` as which it runs here."""
    files: tuple[str, ...] = ()
    """What it would read there, besides texts for its model."""
    could: str
    """What these could do if nothing shut them."""
    variables: Mapping[str, str] = field(default_factory=dict[str, str])
    """Its switches. Every agent gets them: they mean nothing to the others."""
    shut_by: str
    """What shuts them, in words; empty where the program has nothing that does."""
    open: tuple[str, ...] = ()
    """Files that run code, inside our confinement, whatever we do."""


REPOSITORY_FILES: Final = (
    RepositoryFiles(
        program="Claude Code",
        kinds=frozenset({"stream_json", "acp"}),
        files=(".claude/settings.json", ".claude/settings.local.json", ".mcp.json", ".claude/skills"),
        could="move the provider's address and the proxy, run hooks, a key helper, MCP servers, plugins and skills",
        variables={
            "CLAUDE_CODE_PROVIDER_MANAGED_BY_HOST": "1",
            "CLAUDE_CODE_ADDITIONAL_DIRECTORIES_CLAUDE_MD": "1",
        },
        shut_by="its variables, and no setting source but the user: arguments here, `_meta` in `dialects/acp_session.py`",
    ),
    RepositoryFiles(
        program="OpenCode",
        kinds=frozenset({"acp"}),
        files=("opencode.json", ".opencode/opencode.json", ".opencode/plugin"),
        could="move the provider's address, run MCP servers and plugins",
        variables={"OPENCODE_DISABLE_PROJECT_CONFIG": "1"},
        shut_by="its variable",
        open=(".opencode/plugin", ".opencode/opencode.json"),
    ),
    RepositoryFiles(
        program="Codex",
        kinds=frozenset({"acp"}),
        files=(".codex/config.toml",),
        could="run MCP servers, where the user's own settings trust the project; it does not move the provider",
        shut_by="",
        open=(".codex/config.toml",),
    ),
    RepositoryFiles(
        program="Gemini CLI",
        kinds=frozenset({"acp"}),
        files=(".env", ".gemini/.env", ".gemini/settings.json"),
        could="move the provider's address and the proxy, run hooks, MCP servers and a discovery command, "
        "where the workspace is trusted",
        shut_by="addresses and proxies that are set already, so that `.env` sets none",
        open=(".gemini/settings.json",),
    ),
    RepositoryFiles(
        program="oh-my-pi",
        kinds=frozenset({"omp_rpc", "acp"}),
        files=(".env", "bunfig.toml", ".omp", ".claude"),
        could="move the provider's address, the proxy and the folder of its settings by `.env`, run code by the others",
        shut_by="its start in its HOME, with its clone as an argument: it reads the first two where it starts",
        open=(".omp", ".claude"),
    ),
    RepositoryFiles(
        program="pi",
        kinds=frozenset({"omp_rpc"}),
        files=(".pi",),
        could="run extensions",
        shut_by="",
        open=(".pi",),
    ),
    RepositoryFiles(
        program="a program of yours",
        kinds=frozenset({"command"}),
        could="whatever the program takes from them",
        shut_by="",
        open=("what your program reads",),
    ),
    RepositoryFiles(
        program="the rehearsal",
        kinds=frozenset({"rehearsal"}),
        could="nothing: it reads no settings, and Python runs it isolated",
        shut_by="nothing needs to",
    ),
)

SWITCHES: Final[Mapping[str, str]] = {name: value for one in REPOSITORY_FILES for name, value in one.variables.items()}


def environment_of(job: AgentJob) -> dict[str, str]:
    """What the agent of `job` is started with, besides the launcher's own variables and what is granted.

    What configuration names in the agent's `env` replaces ours, and what the run itself needs replaces both.
    """
    return {**own_environment(job.spec, home=layout_of(job).home, tree=job.cwd), **job.env}


def folder_of(job: AgentJob) -> Path:
    """Where the agent of `job` is started; its clone is `job.cwd` all the same."""
    return start_folder(job.spec, home=layout_of(job).home, tree=job.cwd)


def own_environment(spec: AgentSpec, *, home: Path, tree: Path) -> dict[str, str]:
    """The same for an agent without a run: `home` is the HOME that it has here, `tree` its clone."""
    ours = {**SWITCHES, **_instructions(tree)}
    if spec.kind == "omp_rpc":
        ours["PI_CODING_AGENT_DIR"] = str(home / f".{spec.dialect}" / "agent")
    if spec.kind == "acp" and any("gemini" in Path(word).name for word in spec.command):
        granted = set(spec.grants.variables)
        free = {name: value for name, value in _GEMINI.items() if name.upper() not in granted}
        ours |= {name: spec.env.get(name.upper(), value) for name, value in free.items()}
    return {**ours, **spec.env}


def start_folder(spec: AgentSpec, *, home: Path, tree: Path) -> Path:
    """Where the agent's program is started: its clone, but its HOME for one that is told of its clone otherwise."""
    return home if starts_at_home(spec) else tree


def starts_at_home(spec: AgentSpec) -> bool:
    """Whether it is oh-my-pi, which hears of its clone by `--cwd` or its protocol; a command of the clone starts there."""
    program = Path(spec.command[0]) if spec.command else Path(spec.dialect)
    if not program.is_absolute() and len(program.parts) > 1:
        return False
    return (spec.kind == "omp_rpc" and spec.dialect == "omp") or (spec.kind == "acp" and program.name == "omp")


def clone_arguments(spec: AgentSpec, tree: Path) -> tuple[str, ...]:
    """How oh-my-pi's own command line is told of the clone that it does not start in; empty where it does."""
    return ("--cwd", str(tree.resolve())) if starts_at_home(spec) else ()


def instructions_folder(home: Path) -> Path:
    """A folder of ours in the agent's HOME, from which Claude Code reads the CLAUDE.md that `write_instructions` puts there."""
    return home / _INSTRUCTIONS[0]


def write_instructions(job: AgentJob) -> Path | None:
    """Lets Claude Code read the texts for its model that lie in the clone, though no setting source names that. Blocks.

    The clone itself must not be a further folder of Claude Code's: it starts the plugins that the settings there name.
    Returns the folder, or None where it cannot be written, and then the agent works without these texts.
    """
    home = layout_of(job).home
    if sys.platform == "win32":
        return None
    home.mkdir(parents=True, exist_ok=True)
    tree = str(job.cwd.resolve()).replace(" ", "\\ ")
    try:
        safe_write(home, _INSTRUCTIONS, "".join(f"@{tree}/{name}\n" for name in _CLAUDE_TEXTS).encode())
    except (OSError, NotGranted):  # a link on the way, which the agent planted
        return None
    return instructions_folder(home)


def _instructions(tree: Path) -> dict[str, str]:
    """OpenCode reads these texts for its model only where it is told of them, once its variable is set."""
    files = [str(tree.resolve() / name) for name in ("AGENTS.md", "CLAUDE.md")]
    return {"OPENCODE_CONFIG_CONTENT": json.dumps({"instructions": files})}
