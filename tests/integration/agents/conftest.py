"""A clone-like folder, jobs in it, and a list that events are stored in."""

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ompycord.domain.events import EventBody
from ompycord.domain.ids import RunId, new_ulid
from ompycord.domain.ports import AgentJob
from ompycord.domain.task import Task
from ompycord.workspaces.confinement.launcher import UnconfinedLauncher
from tests.support.agent_options import agent_options
from tests.support.patience import within

MakeJob = Callable[..., AgentJob]


class Stored:
    """What was emitted, and a way to wait for one of a kind."""

    def __init__(self) -> None:
        self.events: list[EventBody] = []
        self._more = asyncio.Condition()

    async def emit(self, *bodies: EventBody) -> None:
        async with self._more:
            self.events.extend(bodies)
            self._more.notify_all()

    async def until(self, kind: type[Any], times: int = 1) -> None:
        async with within(60), self._more:
            await self._more.wait_for(lambda: len(self.of(kind)) >= times)

    def of(self, kind: type[Any]) -> list[Any]:
        return [body for body in self.events if isinstance(body, kind)]


@pytest.fixture
def stored() -> Stored:
    return Stored()


@pytest.fixture
def launcher() -> UnconfinedLauncher:
    return UnconfinedLauncher(path=os.environ["PATH"])


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    path = tmp_path / "run/clone"
    path.mkdir(parents=True)
    return path


@pytest.fixture
def make_job(clone: Path) -> MakeJob:
    """A job that runs `script` with this Python."""

    def make(script: str = "", *, prompt: str = "Do it", env: dict[str, str] | None = None, **spec: object) -> AgentJob:
        values = {"name": "mine", "kind": "command", "command": (sys.executable, "-c", script or "pass")}
        return AgentJob(
            # Of this job alone: the end of a program sweeps whatever carries its run's id.
            run=RunId(new_ulid(now_ms=0, entropy=os.urandom(10))),
            iteration=1,
            task=Task(id="01JD0000000000000000000001", prompt=prompt, title="t", repositories=("shop",), agent="mine"),
            spec=agent_options({**values, "sandbox": {"minimum": "none"}, **spec}),
            cwd=clone,
            prompt=prompt,
            env=env or {},
        )

    return make
