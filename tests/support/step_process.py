"""One step of a run in a process of its own.

An order as JSON comes in, the facts it stored and its end go out, a line each.

`python -m tests.support.step_process FOLDER <ORDER.json`. Everything it knows besides the order lies in FOLDER: the
catalog, the task, the database, clones and repositories. So a step that closed over an object of another process could
not be done here.
"""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import TextIO

from ompycord.agents.command import CommandAgent
from ompycord.app.system import SystemClock, SystemIds
from ompycord.checks.local import LocalChecks
from ompycord.conductor import Bus, Inboxes
from ompycord.domain.catalog import Catalog
from ompycord.domain.effects import PrepareWorkspace, StepOrder
from ompycord.domain.events import EffectFinished, EventBody
from ompycord.domain.folds.follow_up import Former
from ompycord.domain.ids import RunId, Ulid
from ompycord.domain.results import PrepareResult
from ompycord.domain.task import Task
from ompycord.engines import LocalEngine, StepContext
from ompycord.errors import OmpycordError
from ompycord.store import open_store
from ompycord.workspaces.confinement.launcher import UnconfinedLauncher
from ompycord.workspaces.git import Git
from ompycord.workspaces.service import GitWorkspaces
from tests.support.agent_options import agent_options

__all__ = ["perform"]


async def perform(order: StepOrder, folder: Path, out: TextIO) -> EffectFinished:
    """Do it with what lies in the folder; every fact is a line of `out`, prefixed by who said it."""
    path = os.environ["PATH"]
    launcher, git = UnconfinedLauncher(path=path), Git(path=path)

    async def record(run: RunId, *bodies: EventBody) -> None:
        out.writelines(f"ompycord {body.model_dump_json()}\n" for body in bodies)

    async def observe(run: RunId, *bodies: EventBody) -> None:
        out.writelines(f"agent {body.model_dump_json()}\n" for body in bodies)

    async def task(id_: Ulid) -> Task | None:
        file = folder / f"task-{id_}.json"
        return Task.model_validate_json(await asyncio.to_thread(file.read_bytes)) if file.exists() else None

    async def former(run: RunId) -> Former | None:
        file = folder / f"former-{run}.json"
        return Former.model_validate_json(await asyncio.to_thread(file.read_bytes)) if file.exists() else None

    async def prepared(run: RunId) -> PrepareResult | None:
        file = folder / f"prepared-{run}.json"
        return PrepareResult.model_validate_json(await asyncio.to_thread(file.read_bytes)) if file.exists() else None

    async def secrets(run: RunId) -> dict[str, str]:
        return {"OMPYCORD_RUN": run}

    configured = json.loads(await asyncio.to_thread((folder / "catalog.json").read_bytes))
    agents = tuple(agent_options(agent) for agent in configured["agents"])
    catalog = Catalog.model_validate({**configured, "agents": agents})
    async with open_store(folder / "ompycord.db", clock=SystemClock(), ids=SystemIds()) as store:
        workspaces = GitWorkspaces(
            folder=folder / "workspaces", repositories=folder / "repositories", git=git, launcher=launcher
        )
        context = StepContext(
            catalog=catalog,
            workspaces=workspaces,
            takeovers=workspaces,
            results=workspaces,
            adapters={"command": CommandAgent(launcher=launcher)},
            checks=LocalChecks(launcher=launcher),
            check_history=store,
            level="none",
            observe=observe,
            record=record,
            secrets=secrets,
            inboxes=Inboxes(history=store, bus=Bus(), record=record),
            task=task,
            session=store.session,
            former=former,
            prepared=prepared,
        )
        ended = await LocalEngine(context=context, kill_strays=_nothing).perform(order)
    if isinstance(order.effect, PrepareWorkspace):
        await asyncio.to_thread((folder / f"prepared-{order.run}.json").write_text, json.dumps(ended.facts))
    return ended


async def _nothing(run: RunId) -> None:
    """Its own children end with it."""


def main() -> int:
    """The exit code: 0, or 1 with the error's sentence on standard error."""
    order = StepOrder.model_validate_json(sys.stdin.read())
    try:
        finished = asyncio.run(perform(order, Path(sys.argv[1]), sys.stdout))
    except OmpycordError as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        return 1
    sys.stdout.write(f"end {finished.model_dump_json()}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
