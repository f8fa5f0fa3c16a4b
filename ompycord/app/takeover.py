"""`ompycord takeover`: a person works in a run's clone at a terminal, as confined as its agent.

Counterpart of `cli/takeover.py`. The clone, the HOME and the session are the same: handed back with *Resume*, the agent
finds what was done. As long as the terminal is open the clone is locked, so that no agent starts in it.
"""

import asyncio
import os
import socket
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Final

from ompycord.agents.kind import AgentOptions
from ompycord.agents.level import layout_of, require_level
from ompycord.agents.model_access import model_variables, write_model_settings
from ompycord.agents.rehearsal import RehearsalOptions
from ompycord.agents.repository_settings import own_environment, start_folder
from ompycord.app.data_folder import DataFolder
from ompycord.app.operations import ask, perform
from ompycord.app.terminal.terminal_way import TERMINAL_WAY, OpenedWay
from ompycord.domain.ids import RunId, new_ulid, short_id
from ompycord.domain.ports import AgentJob
from ompycord.domain.repository import AgentSpec
from ompycord.domain.run import RunKind, RunState
from ompycord.domain.task import Task
from ompycord.errors import ProcessFailed, RefusedInWords
from ompycord.processes import ProcessSpec, kill_strays
from ompycord.processes.launcher_port import Launcher, can_deny_network
from ompycord.processes.terminal import on_terminal, require_terminal
from ompycord.settings import Settings
from ompycord.workspaces.confinement.probe import best_launcher
from ompycord.workspaces.record import Folder
from ompycord.workspaces.takeover_lock import takeover_lock

__all__ = ["network_words", "take_over"]

SHELLS = ("/bin/bash", "/bin/sh")
_NO_GATEWAY: Final = (
    "This terminal has no network: it reaches Ompycord's own address alone, and no Ompycord runs with this data folder."
)
_NO_MODELS: Final = "This terminal has no network: a rehearsal asks no model."
_WITH_GATEWAY: Final = "Its network is Ompycord's own address: models are asked there, and what they cost is the run's."


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
        way = _way(data, spec, found["id"])
        if spec.sandbox.network == "gateway" and can_deny_network(launcher.level):
            announce(network_words(spec, way))
        job = _job(spec, folder, found, way)
        arranged = _arranged(launcher, job, argv, environ, is_agent=argv is own)
        code = on_terminal(arranged, forward_to=0 if way is None else way.port)
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


class _Listener:
    """What the terminal's programs reach, served by the running process; implements the port `Listener`."""

    def __init__(self, way: OpenedWay) -> None:
        self.port = way.inside_port
        self.environment: Mapping[str, str] = way.environment
        self.has_models = way.has_models
        self.dialects: Mapping[str, str] = way.dialects
        self.models = None
        """Nothing in this process asks one."""

    def watch_waits(self, waiting: Callable[[bool], None]) -> None:
        """A person's terminal has no clock."""

    def adopted(self, listening: socket.socket) -> AbstractAsyncContextManager[None]:
        raise ProcessFailed("A terminal's socket is forwarded, not served here.")


def _way(data: DataFolder, spec: AgentSpec, run: str) -> OpenedWay | None:
    """What the running process opens for it; None where none runs, or the agent has another network."""
    if spec.sandbox.network != "gateway" or spec.kind == "rehearsal":
        return None
    is_there, answer = ask(data.path, TERMINAL_WAY, {"run": run})
    return OpenedWay.model_validate(answer) if is_there else None


def network_words(spec: AgentSpec, way: OpenedWay | None) -> str:
    """What a terminal reaches that has no other network than Ompycord's own address."""
    if spec.kind == "rehearsal":
        return _NO_MODELS
    return _NO_GATEWAY if way is None else _WITH_GATEWAY


def _job(spec: AgentSpec, folder: Folder, found: Mapping[str, Any], way: OpenedWay | None) -> AgentJob:
    """As if the agent were started: by this it is pointed at the models that the run may ask."""
    task = Task(
        id=new_ulid(now_ms=0, entropy=os.urandom(10)),
        prompt="At a terminal.",
        title="At a terminal",
        repositories=(found["repository"],),
        agent=spec.name,
        model=found.get("chosen_model"),
    )
    return AgentJob(
        run=RunId(found["id"]),
        iteration=1,
        task=task,
        spec=spec,
        cwd=folder.clone,
        prompt="",
        env={},
        listener=None if way is None else _Listener(way),
    )


def _arranged(
    launcher: Launcher, job: AgentJob, argv: tuple[str, ...], environ: Mapping[str, str], *, is_agent: bool
) -> ProcessSpec:
    spec, layout = job.spec, layout_of(job)
    write_model_settings(job)
    pointed = {} if job.listener is None else {**model_variables(job), **job.listener.environment}
    settings = own_environment(spec, home=layout.home, tree=job.cwd)
    own = {"TERM": environ.get("TERM", "dumb"), "PS1": f"({short_id(job.run)}) \\w \\$ "}
    cwd = start_folder(spec, home=layout.home, tree=job.cwd) if is_agent else job.cwd
    started = ProcessSpec(argv=argv, env={**settings, **pointed, **own}, cwd=cwd, marker=job.run, claims_terminal=True)
    return launcher.arrange(started, layout)


def _shell() -> str:
    return next(shell for shell in SHELLS if os.access(shell, os.X_OK))
