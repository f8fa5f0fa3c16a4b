"""`ompycord takeover`: a person works in a run's clone at a terminal, as confined as its agent.

Counterpart of `cli/takeover.py`. The clone, the HOME and the session are the same: handed back with *Resume*, the agent
finds what was done. As long as the terminal is open the clone is locked, so that no agent starts in it.
"""

import asyncio
import os
from collections.abc import Callable, Mapping
from typing import Any, Final

from ompycord.agents.kind import AgentOptions
from ompycord.agents.level import require_level
from ompycord.agents.rehearsal import RehearsalOptions
from ompycord.agents.repository_settings import own_environment, start_folder
from ompycord.app.data_folder import DataFolder
from ompycord.app.operations import perform
from ompycord.domain.ids import RunId, short_id
from ompycord.domain.repository import AgentSpec
from ompycord.domain.run import RunKind, RunState
from ompycord.errors import RefusedInWords
from ompycord.processes import ProcessSpec, kill_strays
from ompycord.processes.launcher_port import Launcher, Layout, can_deny_network
from ompycord.processes.terminal import on_terminal, require_terminal
from ompycord.settings import Settings
from ompycord.workspaces.confinement.probe import best_launcher
from ompycord.workspaces.record import Folder
from ompycord.workspaces.takeover_lock import takeover_lock

__all__ = ["take_over"]

SHELLS = ("/bin/bash", "/bin/sh")
_NO_GATEWAY: Final = (
    "This terminal has no network: its agent reaches Ompycord's own address alone, and only while Ompycord runs it."
)


def take_over(
    settings: Settings, run: str, command: tuple[str, ...], environ: Mapping[str, str], announce: Callable[[str], None]
) -> int:
    """Open a terminal in the clone of a stopped run; the exit code of what ran there. Raises Refused, ProcessFailed.

    `command` empty: the agent's own program in its session, or a shell where it has none.
    """
    data = DataFolder(settings.data_dir)
    found: dict[str, Any] = perform(data, "runs.takeover", {"run": run})
    _require_waiting(found)
    spec = next((agent for agent in settings.catalog.agents if agent.name == found["agent"]), None)
    spec = spec or RehearsalOptions(name="rehearsal")  # the playground's own, or one that was removed from the settings
    folder, record = Folder.located(data.path / "workspaces" / found["id"])
    if record is None or not folder.clone.is_dir():
        raise RefusedInWords(f"The clone of {found['run']} is gone, so there is nothing to take over.")
    own = AgentOptions.of(spec).terminal(found["session"], folder.clone)
    argv = command or own or (_shell(),)
    launcher = asyncio.run(best_launcher(path=environ.get("PATH", os.defpath), hidden=(data.path,), environ=environ))
    require_level(launcher, spec)
    require_terminal()
    with takeover_lock(folder):
        announce(
            f"Run {found['run']} is yours: {folder.clone} (confinement: {launcher.level}). Work on, commit or not."
        )
        if spec.sandbox.network == "gateway" and can_deny_network(launcher.level):
            announce(_NO_GATEWAY)
        arranged = _arranged(launcher, spec, folder, argv, found["id"], environ, is_agent=argv is own)
        code = on_terminal(arranged)
        asyncio.run(kill_strays(found["id"]))
    announce(
        f"Handed back. `/omp resume run: {found['run']}` or *Resume* on its card lets {spec.name} go on with what "
        "you did."
    )
    return code


def _require_waiting(found: Mapping[str, Any]) -> None:
    name = found["run"]
    if found["kind"] != RunKind.HOSTED:
        raise RefusedInWords(f"{name} is an external run; there is nothing of it here to take over.")
    if found["ended_at"] is not None:
        branch = f" Its work is on branch {found['branch']} of {found['repository']}." if found["branch"] else ""
        raise RefusedInWords(f"{name} has ended, and its clone went with it.{branch}")
    if found["state"] != RunState.SUSPENDED:
        raise RefusedInWords(f"{name} is at work. Stop it first: `/omp stop run: {name}`, or *Stop* on its card.")


def _arranged(
    launcher: Launcher,
    spec: AgentSpec,
    folder: Folder,
    argv: tuple[str, ...],
    run: str,
    environ: Mapping[str, str],
    *,
    is_agent: bool,
) -> ProcessSpec:
    layout = Layout(
        folder.clone, network=spec.sandbox.network is True, grants=spec.grants.files, variables=spec.grants.variables
    )
    settings = own_environment(spec, home=layout.home, tree=folder.clone)
    env = {**settings, "TERM": environ.get("TERM", "dumb"), "PS1": f"({short_id(run)}) \\w \\$ "}
    cwd = start_folder(spec, home=layout.home, tree=folder.clone) if is_agent else folder.clone
    return launcher.arrange(ProcessSpec(argv=argv, env=env, cwd=cwd, marker=RunId(run), claims_terminal=True), layout)


def _shell() -> str:
    return next(shell for shell in SHELLS if os.access(shell, os.X_OK))
