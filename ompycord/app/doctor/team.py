"""What the team configured: roles, agents and their programs, repositories, their bases, and their checks."""

import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from ompycord.app.findings import Finding, fail, ok, warn
from ompycord.domain.repository import AgentSpec, RepositorySpec
from ompycord.errors import OmpycordError
from ompycord.llm import MISSING, is_installed
from ompycord.processes import ProcessSpec, run
from ompycord.render.phrases import count
from ompycord.settings import Settings
from ompycord.workspaces.base import BaseContent, filter_words, inspect_base, partial_words
from ompycord.workspaces.git import Git
from ompycord.workspaces.remote import RemoteGit, why_not_reached
from ompycord.workspaces.ssh.deploy_key import with_deploy_key

__all__ = ["KNOWN_AGENTS", "access", "agents", "programs_found", "programs_on_path", "repositories"]

KNOWN_AGENTS = {
    "omp": "Oh My Pi",
    "claude": "Claude Code",
    "codex": "Codex",
    "opencode": "OpenCode",
    "gemini": "Gemini CLI",
    "qwen": "Qwen Code",
    "copilot": "Copilot CLI",
}
"""Agent programs that are searched for on the PATH."""
VERSION_S = 10.0
REACH_S = 20.0
_NAMED = 5
_VERSION = re.compile(r"\d+(?:\.\d+)+[\w.+-]*")


def access(settings: Settings) -> Finding:
    """Check the roles; where none is configured, no one may do anything."""
    if settings.discord.token is None:
        return ok("Access", "the playground's own people")
    if settings.access.is_empty:
        return warn(
            "Access",
            "no one has access.",
            "Add to ompycord.yml: access: {users: {admin: [YOUR_USER_ID]}} (Discord: Copy User ID).",
        )
    named = [
        role
        for role in ("admin", "approver", "runner", "viewer")
        if getattr(settings.access.users, role) or getattr(settings.access.roles, role)
    ]
    if "admin" not in named:
        return warn("Access", f"{', '.join(named)}, but no admin.", "Name one under access.users.admin.")
    return ok("Access", ", ".join(named))


async def programs_on_path(environ: Mapping[str, str], folder: Path) -> dict[str, str]:
    """The known agent programs of this machine, each with its name and version for people."""
    path = environ.get("PATH", "")
    found: dict[str, str] = {}
    for program, name in KNOWN_AGENTS.items():
        place = shutil.which(program, path=path)
        if place is not None:
            found[program] = f"{name} {await _version(place, environ, folder)}"
    return found


async def programs_found(environ: Mapping[str, str], folder: Path, settings: Settings) -> Finding:
    """The agent programs of this machine, as a line; without one, the agent that needs none."""
    found = await programs_on_path(environ, folder)
    words = "; ".join(found.values()) or "No known agents on PATH (any program can be one)"
    if not found and settings.providers and not any(one.asks_models for one in settings.catalog.agents):
        words = f"{words}. The built-in agent needs none: agents: {{native: {{kind: native}}}}"
    return ok("Agents on the PATH", words)


async def _version(place: str, environ: Mapping[str, str], folder: Path) -> str:
    kept = {name: environ[name] for name in ("PATH", "HOME", "LANG") if name in environ}
    try:
        done = await run(ProcessSpec(argv=(place, "--version"), env=kept, cwd=folder), timeout_s=VERSION_S)
    except OmpycordError:
        return "does not start"
    match = _VERSION.search((done.stdout + done.stderr).decode("utf-8", "replace"))
    return match[0] if done.is_success and match else "unknown version"


def agents(settings: Settings, environ: Mapping[str, str]) -> list[Finding]:
    """Check that each configured program exists."""
    configured = settings.catalog.agents
    if not configured and settings.discord.token is None:
        return [ok("Agents", "the playground's rehearsal")]
    if not configured:
        return [fail("Agents", "none is configured: no run can start.", "Name one under agents in ompycord.yml.")]
    return [_agent(agent, environ, has_providers=bool(settings.providers)) for agent in configured]


def _agent(agent: AgentSpec, environ: Mapping[str, str], *, has_providers: bool) -> Finding:
    name = f"Agent {agent.name}"
    if agent.asks_models and not is_installed():
        what, _, remedy = MISSING.partition(". ")
        return fail(name, f"{what}.", remedy)
    if agent.asks_models and not has_providers:
        text = "it asks models through Ompycord, and no provider is configured."
        return fail(name, text, "Name one under providers in ompycord.yml: docs/how-to/work-with-nothing-but-a-key.md")
    if not agent.command:
        return ok(name, agent.kind)
    program = agent.command[0]
    if program == "{python}" or shutil.which(program, path=environ.get("PATH", "")) is not None:
        return ok(name, f"{agent.kind}: {Path(program).name}")
    return fail(name, f"{Path(program).name} is not there.", f"Install it, or fix agents.{agent.name}.command.")


async def repositories(settings: Settings, git: Git, environ: Mapping[str, str], folder: Path) -> list[Finding]:
    """Check that each repository can be reached and has its base branch, and that its checks can start."""
    configured = settings.catalog.repositories
    if not configured and settings.discord.token is None:
        return [ok("Repositories", "the playground's sample")]
    if not configured:
        text = "none is configured: no run can start."
        return [fail("Repositories", text, "Name one under repositories in ompycord.yml.")]
    data = settings.data_dir.expanduser().absolute()
    return [await _repository(repository, git, environ, folder, data) for repository in configured]


async def _repository(spec: RepositorySpec, git: Git, environ: Mapping[str, str], folder: Path, data: Path) -> Finding:
    name = f"Repository {spec.name}"
    where = spec.remote
    try:
        if spec.path is not None and not await git.is_repository(spec.path):
            text = f"{spec.path} is not a git repository with a commit."
            return fail(name, text, f"Fix repositories.{spec.name}.path.")
        source = str(spec.path) if spec.path is not None else spec.address or ""
        content = await _content(spec, git) if spec.path is not None else None
        listing = ("ls-remote", "--heads", "--", source, spec.base)
        key = with_deploy_key(spec, data)
        heads = await RemoteGit(git).attempt(
            *listing, cwd=folder, timeout_s=REACH_S, more_env=key, is_operator=key is None
        )
    except OmpycordError as error:
        return fail(name, f"git cannot look at it: {error}", "Install git, or fix its permissions.")
    if not heads.is_success:
        why, _, remedy = why_not_reached(heads, by_key=key is not None).partition(". ")
        return fail(name, f"{where} cannot be reached: {why}.", remedy)
    if not heads.stdout.strip():
        return fail(name, f"it has no branch {spec.base}.", f"Set repositories.{spec.name}.base.")
    if content is not None and (found := _odd(name, spec, *content)) is not None:
        return found
    missing = [check.name for check in spec.checks if not _can_start(check.command[0], environ)]
    if missing:
        text = f"the program of {', '.join(missing)} is not on the PATH, so these checks cannot pass."
        return warn(name, text, "Install it, or give its full path.")
    if not spec.checks:
        text = "it has no checks, so no run in it can end verified."
        return warn(name, text, f"Name them under repositories.{spec.name}.checks.")
    return ok(name, f"{where}, base {spec.base}, {count(len(spec.checks), 'check')}")


async def _content(spec: RepositorySpec, git: Git) -> tuple[Path, BaseContent] | None:
    """What the base has beyond plain files, and the git folder that has it; None where there is no such branch."""
    if spec.path is None:
        return None
    words = ("rev-parse", "--path-format=absolute", "--git-common-dir", f"refs/heads/{spec.base}^{{commit}}")
    printed = await git.attempt(*words, cwd=spec.path)
    if not printed.is_success:
        return None
    folder, commit = printed.stdout.decode("utf-8", "replace").splitlines()
    return Path(folder), await inspect_base(git, Path(folder), commit)


def _odd(name: str, spec: RepositorySpec, git_folder: Path, content: BaseContent) -> Finding | None:
    """What runs cannot handle of the base, or handle in a way that one should know."""
    if content.missing:
        words = partial_words(spec.name, spec.base, content, git_folder=git_folder)
        text, _, command = words.partition(" Fetch them: ")
        return fail(name, text, f"Run: {command}")
    if content.filters:
        return fail(name, filter_words(spec.name, spec.base, content), "")
    empty = [module.path for module in content.submodules if module.objects is None]
    if empty:
        text = f"its submodules {', '.join(empty[:_NAMED])} are empty folders in runs."
        return warn(name, text, "Run in it: git submodule update --init --recursive")
    if content.submodules:
        paths = ", ".join(module.path for module in content.submodules[:_NAMED])
        return warn(name, f"it has submodules ({paths}).", "What agents change below them is kept beside the result.")
    return None


def _can_start(program: str, environ: Mapping[str, str]) -> bool:
    is_in_clone = "/" in program and not Path(program).is_absolute()
    return program == "{python}" or is_in_clone or shutil.which(program, path=environ.get("PATH", "")) is not None
