"""What the machine must have: Python, SQLite, git, confinement, a data folder of its own, free disk, free ports."""

import asyncio
import os
import socket
import sqlite3
import stat
import sys
from collections.abc import Iterable
from pathlib import Path

from ompycord import __version__
from ompycord.app.data_folder import DataFolder
from ompycord.app.findings import Finding, fail, ok, warn
from ompycord.app.mode import usage_of
from ompycord.app.operations import is_running
from ompycord.domain.repository import AgentSpec, ConfinementLevel, RepositorySpec
from ompycord.errors import OmpycordError, StartError
from ompycord.processes.launcher_port import can_deny_network, is_enough
from ompycord.settings import Settings
from ompycord.store import examine_database
from ompycord.workspaces.git import Git

__all__ = [
    "confinement",
    "data_folder",
    "database",
    "disk",
    "git_version",
    "models",
    "networks",
    "ports",
    "python",
    "sqlite",
]

LEAST_PYTHON = (3, 11)
SAFE_SQLITE = (3, 51, 3)
"""Older ones can damage the log when two connections write at once; we have one writer
(docs/platform/sqlite.md, *One writer*)."""
LEAST_SQLITE = (3, 35, 0)
"""The first version with RETURNING."""


def python() -> Finding:
    """Check this interpreter and this Ompycord."""
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < LEAST_PYTHON:  # pragma: no cover  # the package does not install there
        return fail("Python", f"{version} is too old.", "Install Python 3.11 or newer.")
    return ok("Python", f"{version}, Ompycord {__version__}")


def sqlite(version: tuple[int, int, int] = sqlite3.sqlite_version_info) -> Finding:
    """Check the library with which this Python was built."""
    shown = ".".join(map(str, version))
    if version < LEAST_SQLITE:
        return fail("SQLite", f"{shown} is too old.", "Use a Python that was built with SQLite 3.35 or newer.")
    if version < SAFE_SQLITE:
        return ok("SQLite", f"{shown} OK")
    return ok("SQLite", shown)


async def git_version(git: Git, folder: Path) -> Finding:
    """Check the git that clones and collects."""
    try:
        printed = await git.line("--version", cwd=folder)
    except OmpycordError:
        return fail("git", "it is not on the PATH, and no run can begin without it.", "Install git.")
    return ok("git", printed.removeprefix("git version "))


def confinement(
    level: ConfinementLevel, agents: Iterable[AgentSpec], *, is_production: bool, remedy: str = ""
) -> list[Finding]:
    """Report how far agents are confined here, what raises that, and which of them need more."""
    if level == "none":
        how = fail if is_production else warn
        text = "none: agents run as this user and see what it sees."
        alone = "Else run Ompycord as a user of its own, on a machine that holds nothing else."
        found = [how("Confinement", text, f"{remedy} {alone}".strip())]
    else:
        found = [warn("Confinement", f"{level}.", remedy) if remedy else ok("Confinement", level)]
    return found + [
        fail(
            f"Agent {agent.name}",
            f"asks for confinement {agent.sandbox.minimum}{_offline(agent)} and gets {level}: its runs are refused.",
            f"Allow it by name: agents.{agent.name}.sandbox.minimum: {level}{_online(agent)}",
        )
        for agent in agents
        if agent.kind != "rehearsal" and not is_enough(level, agent.sandbox)
    ]


def models(agents: Iterable[AgentSpec], *, has_providers: bool, level: ConfinementLevel) -> list[Finding]:
    """Report how agents reach their models, where that is by us; which of them hold a key; which reach none."""
    return [one for agent in agents if (one := _models_of(agent, level, has_providers=has_providers)) is not None]


def _models_of(agent: AgentSpec, level: ConfinementLevel, *, has_providers: bool) -> Finding | None:
    name = f"Agent {agent.name}"
    if agent.kind == "rehearsal":
        return None
    if agent.key_variables:
        remedy = "Run: ompycord providers import. It moves the key to providers: and takes it out of the agent."
        return warn(name, "the agent holds your key; not metered.", remedy)
    if agent.asks_models:  # without a provider it cannot start, which `team.py` says
        words = "built in; asks models by Ompycord, and its tools hold no key and no token"
        return ok(name, words) if has_providers else None
    if agent.grants.files and agent.sandbox.network is True:
        remedy = "Where these hold a login: name its provider under providers: and take them out of grants.files."
        return warn(name, "the agent has files of yours; not metered.", remedy)
    if agent.sandbox.network != "gateway":
        return None
    others = "has no other network" if can_deny_network(level) else f"at level {level} its network stays open"
    if has_providers:
        return ok(name, f"asks models by Ompycord, and {others} (sandbox.network: gateway)")
    if agent.kind == "command":  # which may ask no model
        return ok(name, f"reaches Ompycord, and {others}. One that needs it: sandbox: {{network: true}}.")
    remedy = f"Name one under providers:, or write agents.{agent.name}.sandbox.network: true."
    return warn(name, f"no provider is named for the models that it asks by Ompycord, and {others}.", remedy)


def networks(repositories: Iterable[RepositorySpec], level: ConfinementLevel) -> list[Finding]:
    """Report which checks have no network since their settings do not say that they have one."""
    found: list[Finding] = []
    for repository in repositories:
        names = [check.name for check in repository.checks if check.network == "gateway" and not check.hosts]
        if names and can_deny_network(level):
            text = f"{', '.join(names)}: without network. One that needs it says hosts, or network: true."
            found.append(ok(f"Checks of {repository.name}", text))
    return found


def _offline(agent: AgentSpec) -> str:
    return "" if agent.sandbox.network else " without network"


def _online(agent: AgentSpec) -> str:
    return "" if agent.sandbox.network else ", network: true"


def data_folder(path: Path) -> Finding:
    """Check that the data folder is ours alone, and writable. It is not made here: `up` makes it."""
    name = "Data folder"
    if not path.exists():
        above = next((one for one in path.parents if one.exists()), path)
        if os.access(above, os.W_OK):
            return ok(name, f"{path} (made at the first start)")
        return fail(name, f"{path} cannot be made: {above} is not writable.", "Set data_dir to a place that is yours.")
    if not path.is_dir() or not os.access(path, os.W_OK | os.X_OK):
        return fail(name, f"{path} is not a folder that this user can write.", "Set data_dir, or change its owner.")
    if sys.platform != "win32":
        open_ones = [one.name for one in (path, *_secrets(path)) if stat.S_IMODE(one.stat().st_mode) & 0o077]
        if open_ones:
            return fail(
                name,
                f"others can read {', '.join(open_ones[:3])} in {path}.",
                f"Run: chmod -R go-rwx {path}",
            )
    return ok(name, str(path))


async def database(path: Path) -> Finding:
    """Check the database of a data folder as a start does, which reads all of it."""
    name = "Database"
    try:
        data = DataFolder.at(path)
        if data is None:
            return ok(name, "made at the first start")
        if await asyncio.to_thread(is_running, path):
            return ok(name, "in use by the Ompycord that runs with this data folder")
        data.require_database()
        if not data.database.exists() and not data.database.is_symlink():
            return ok(name, "made at the first start")
        await examine_database(data.database)
    except StartError as error:
        return fail(name, str(error), "")
    return ok(name, "whole")


def _secrets(path: Path) -> list[Path]:
    folder = path / "secrets"
    return [folder, *folder.rglob("*")] if folder.is_dir() else []


def disk(path: Path) -> Finding:
    """Check the free space where the data folder is, or will be."""
    there = next(one for one in (path, *path.parents) if one.exists())
    usage = usage_of(there)
    shown = usage.words
    if usage.is_full:
        return fail(
            "Disk",
            f"{shown}: Ompycord is read-only, nothing new is saved.",
            "Free space on the disk of the data folder.",
        )
    if usage.is_low:
        return warn("Disk", f"{shown}: no new run will start.", "Free space on the disk of the data folder.")
    return ok("Disk", shown)


async def ports(settings: Settings) -> list[Finding]:
    """Check whether the ports are free, or used by this data folder's own process."""
    if await asyncio.to_thread(is_running, settings.data_dir):
        return [ok("Ports", "held by the Ompycord that runs with this data folder")]
    wanted = [("Sidecar port", "webhook.port", settings.webhook.host, settings.webhook.port)]
    if settings.discord.token is None:
        wanted.append(("Playground port", "playground.port", "127.0.0.1", settings.playground.port))
    return [_port(*one) for one in wanted]


def _port(name: str, setting: str, host: str, port: int) -> Finding:
    if port == 0:
        return ok(name, "any free one")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        if sys.platform != "win32":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return fail(
                name, f"{port} cannot be taken ({error.strerror}).", f"End the program that has it, or set {setting}."
            )
    return ok(name, str(port))
