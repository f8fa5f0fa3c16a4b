"""What an agent reads from files of the repository in which it works, and what we start it with so that it reads less.

Everyone who can push controls a repository. A settings file there must not name the address to which an agent sends a
granted key. `converse.py`, `drive.py` and `version_probe.py` start every agent with `environment_of`; what stays open
is in docs/explanation/trust.md, *What a repository can tell an agent*, and was found with the programs themselves
(docs/platform/agents.md, *Settings of a repository*).
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from ompycord.agents.kind import AgentOptions, RepositoryFiles
from ompycord.agents.level import layout_of
from ompycord.agents.model_access import model_variables
from ompycord.domain.ports import AgentJob
from ompycord.domain.repository import AgentSpec
from ompycord.processes.safe_open import NotGranted, safe_write

__all__ = [
    "CLAUDE_ARGUMENTS",
    "CLAUDE_CODE",
    "CODEX",
    "GEMINI_CLI",
    "NATIVE",
    "OH_MY_PI",
    "OPENCODE",
    "OWN_PROGRAM",
    "PI",
    "REHEARSAL",
    "REPOSITORY_FILES",
    "SWITCHES",
    "clone_arguments",
    "environment_of",
    "folder_of",
    "instructions_folder",
    "lies_in_clone",
    "own_environment",
    "start_folder",
    "write_instructions",
]

CLAUDE_ARGUMENTS: Final = ("--setting-sources", "user")
"""No settings, hooks, servers, plugins or skills of the project."""
_CLAUDE_TEXTS: Final = ("CLAUDE.md", ".claude/CLAUDE.md")
_INSTRUCTIONS: Final = (".ompycord", "CLAUDE.md")
CLAUDE_CODE: Final = RepositoryFiles(
    program="Claude Code",
    files=(".claude/settings.json", ".claude/settings.local.json", ".mcp.json", ".claude/skills"),
    could="move the provider's address and the proxy, run hooks, a key helper, MCP servers, plugins and skills",
    variables={
        "CLAUDE_CODE_PROVIDER_MANAGED_BY_HOST": "1",
        "CLAUDE_CODE_ADDITIONAL_DIRECTORIES_CLAUDE_MD": "1",
    },
    shut_by=(
        "its variables, and no setting source but the user: arguments here, `_meta` in "
        "`dialects/agent_client_protocol/acp_session.py`"
    ),
)
OPENCODE: Final = RepositoryFiles(
    program="OpenCode",
    files=("opencode.json", ".opencode/opencode.json", ".opencode/plugin"),
    could="move the provider's address, run MCP servers and plugins",
    variables={"OPENCODE_DISABLE_PROJECT_CONFIG": "1"},
    shut_by="its variable",
    open=(".opencode/plugin", ".opencode/opencode.json"),
)
CODEX: Final = RepositoryFiles(
    program="Codex",
    files=(".codex/config.toml",),
    could="run MCP servers, where the user's own settings trust the project; it does not move the provider",
    shut_by="",
    open=(".codex/config.toml",),
)
GEMINI_CLI: Final = RepositoryFiles(
    program="Gemini CLI",
    files=(".env", ".gemini/.env", ".gemini/settings.json"),
    could="move the provider's address and the proxy, run hooks, MCP servers and a discovery command, "
    "where the workspace is trusted",
    shut_by="addresses and proxies that are set already, so that `.env` sets none",
    open=(".gemini/settings.json",),
)
OH_MY_PI: Final = RepositoryFiles(
    program="oh-my-pi",
    files=(".env", "bunfig.toml", ".omp", ".claude"),
    could="move the provider's address, the proxy and the folder of its settings by `.env`, run code by the others",
    shut_by="its start in its HOME, with its clone as an argument: it reads the first two where it starts",
    open=(".omp", ".claude"),
)
PI: Final = RepositoryFiles(
    program="pi",
    files=(".pi",),
    could="run extensions",
    shut_by="",
    open=(".pi",),
)
OWN_PROGRAM: Final = RepositoryFiles(
    program="a program of yours",
    could="whatever the program takes from them",
    shut_by="",
    open=("what your program reads",),
)
REHEARSAL: Final = RepositoryFiles(
    program="the rehearsal",
    could="nothing: it reads no settings, and Python runs it isolated",
    shut_by="nothing needs to",
)
NATIVE: Final = RepositoryFiles(
    program="the built-in agent",
    could="nothing: it reads no settings, and AGENTS.md is a text for its model",
    shut_by="nothing needs to",
)

REPOSITORY_FILES: Final = (CLAUDE_CODE, OPENCODE, CODEX, GEMINI_CLI, OH_MY_PI, PI, OWN_PROGRAM, REHEARSAL, NATIVE)
SWITCHES: Final[Mapping[str, str]] = {name: value for one in REPOSITORY_FILES for name, value in one.variables.items()}
"""The switches that every agent gets, of whatever kind it is."""


def environment_of(job: AgentJob) -> dict[str, str]:
    """The environment of the agent of `job`, without the launcher's own variables and what is granted.

    What configuration names in the agent's `env` replaces ours, and what the run itself needs replaces both, such as
    where its models are.
    """
    own = own_environment(job.spec, home=layout_of(job).home, tree=job.cwd)
    return {**own, **model_variables(job), **job.env}


def folder_of(job: AgentJob) -> Path:
    """The folder in which the agent of `job` is started; its clone is `job.cwd` all the same."""
    return start_folder(job.spec, home=layout_of(job).home, tree=job.cwd)


def own_environment(spec: AgentSpec, *, home: Path, tree: Path) -> dict[str, str]:
    """The environment of an agent without a run: `home` is the HOME that it has here, `tree` its clone."""
    options = AgentOptions.of(spec)
    switches = {name: value for one in options.programs for name, value in one.variables.items()}
    return {**SWITCHES, **switches, **_instructions(tree), **options.variables(home), **spec.env}


def start_folder(spec: AgentSpec, *, home: Path, tree: Path) -> Path:
    """The start folder of the agent's program: its clone, or its HOME where it gets its clone otherwise."""
    return home if AgentOptions.of(spec).is_notified_of_clone() else tree


def lies_in_clone(program: str) -> bool:
    """Whether a command's first word is a path that starts in the clone; such a program must be started there."""
    path = Path(program)
    return not path.is_absolute() and len(path.parts) > 1


def clone_arguments(spec: AgentSpec, tree: Path) -> tuple[str, ...]:
    """The arguments that give oh-my-pi's own command line the clone in which it does not start; empty where it does."""
    return ("--cwd", str(tree.resolve())) if AgentOptions.of(spec).is_notified_of_clone() else ()


def instructions_folder(home: Path) -> Path:
    """A folder of ours in the agent's HOME.

    From it Claude Code reads the CLAUDE.md that `write_instructions` puts there.
    """
    return home / _INSTRUCTIONS[0]


def write_instructions(job: AgentJob) -> Path | None:
    """Lets Claude Code read the texts for its model in the clone, though no setting source names them. Blocks.

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
    """The texts for the model, which OpenCode reads only where they are named to it, once its variable is set."""
    files = [str(tree.resolve() / name) for name in ("AGENTS.md", "CLAUDE.md")]
    return {"OPENCODE_CONFIG_CONTENT": json.dumps({"instructions": files})}
