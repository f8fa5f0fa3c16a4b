"""A publication in a process of its own, which kills itself with -9 at a point that is given by its number.

`python -m tests.support.publication_process FOLDER POINT`. A point is the moment before and the moment after each
request to the forge, each start of git and each fact that is stored; with point 0 it goes through and prints how many
there were. What the log of the run says lies in FOLDER/facts, a line each: the next process goes on from that.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any

from ompycord.app.system import SystemClock
from ompycord.domain.configuration.forge_options import ForgeSpec
from ompycord.domain.effects import Publish, StepOrder
from ompycord.domain.events import PullRequestOpened
from ompycord.domain.folds.snapshot import StatusSnapshot, Verification
from ompycord.domain.ids import RunId
from ompycord.domain.repository import RepositorySpec
from ompycord.domain.run import Machine, RunKind, RunRecord, RunState
from ompycord.domain.task import Task
from ompycord.engines.publication import Proposals, PublishedResult, RunReport
from ompycord.forge.client import ForgeClient
from ompycord.forge.gitea.proposing import Gitea
from ompycord.forge.github import GitHub
from ompycord.workspaces.git import Git
from ompycord.workspaces.publishing.forge_pushes import ForgePushes
from tests.support.forge_options import forge_options
from tests.support.states import NOON, ORIGIN

__all__ = ["main"]

Method = Callable[..., Awaitable[Any]]


class Points:
    """Counts them; at the one that is wanted this process is gone."""

    def __init__(self, wanted: int) -> None:
        self.count = 0
        self._wanted = wanted

    def passed(self) -> None:
        self.count += 1
        if self.count == self._wanted:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, method: Method) -> Method:
        async def counted(*arguments: Any, **named: Any) -> Any:
            self.passed()
            answer = await method(*arguments, **named)
            self.passed()
            return answer

        return counted


class Publication:
    """What FOLDER says of it."""

    def __init__(self, folder: Path, points: Points) -> None:
        self._folder = folder
        self._facts = folder / "facts"
        self._points = points
        given = json.loads((folder / "publication.json").read_text())
        self._run = RunId(given["run"])
        self._result = PublishedResult(branch=given["branch"], commit=given["commit"], base_commit=given["base"])
        given["repository"]["forge"] = forge_options(given["repository"]["forge"])
        self._spec = RepositorySpec.model_validate(given["repository"])
        assert self._spec.forge is not None
        self._token = Path(str(self._spec.forge.token_file))

    async def publish(self) -> None:
        git = Git(path=os.environ["PATH"])
        proposals = Proposals(
            pushes=ForgePushes(repositories=self._folder / "caches", git=git, token_file=self._file),
            forge=self._connection,
            report=self._report,
            redact=str,
        )
        order = StepOrder(run=self._run, key="publish:1", effect=Publish(iteration=1), task=self._run)
        task = Task(id=self._run, title="Fix it", prompt="Fix it", repositories=("shop",), agent="omp")
        await proposals.propose(order, task, self._spec, self._result, self._record)

    def _file(self, spec: ForgeSpec) -> AbstractAsyncContextManager[Path]:
        return nullcontext(self._token)

    @asynccontextmanager
    async def _connection(self, spec: ForgeSpec) -> AsyncGenerator[GitHub | Gitea]:
        made = (GitHub if spec.kind == "github" else Gitea)(spec, token=self._token.read_text, clock=SystemClock())
        try:
            yield made
        finally:
            await made.close()

    async def _report(self, run: RunId) -> RunReport:
        record = RunRecord(id=run, kind=RunKind.HOSTED, task=run, machine=Machine(), created_at=NOON, updated_at=NOON)
        stored = self._facts.read_text().splitlines() if self._facts.exists() else []
        snapshot = StatusSnapshot(
            run=run, kind=RunKind.HOSTED, state=RunState.COMPLETE, title="Fix it", branch=self._result.branch,
            commit=self._result.commit, origin=ORIGIN, verification=Verification.VERIFIED, created_at=NOON,
            pull_request=PullRequestOpened.model_validate_json(stored[-1]) if stored else None, last_event_at=NOON,
        )  # fmt: skip
        return RunReport(record=record, snapshot=snapshot)

    async def _record(self, run: RunId, *facts: PullRequestOpened) -> None:
        self._points.passed()
        with self._facts.open("a") as file:
            file.writelines(f"{fact.model_dump_json()}\n" for fact in facts)
        self._points.passed()


def main() -> int:
    points = Points(int(sys.argv[2]))
    client: Any = ForgeClient
    client._send = points.around(client._send)
    git: Any = Git
    git.attempt = points.around(git.attempt)
    asyncio.run(Publication(Path(sys.argv[1]), points).publish())
    sys.stdout.write(f"{points.count}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
