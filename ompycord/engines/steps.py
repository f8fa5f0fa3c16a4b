"""The steps of a hosted run, one method an effect; each returns how it ended, `lifecycle.py` says what that means.

All but `build` may be done twice with the same result. Nothing here decides a state.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from ompycord.conductor import Inboxes, LogInbox
from ompycord.dialects.prompt_text import prompt_text
from ompycord.domain import effects as fx
from ompycord.domain import events as ev
from ompycord.domain.catalog import Catalog
from ompycord.domain.ids import RunId, short_id
from ompycord.domain.ports import AgentAdapter, AgentJob, Checks, Workspaces
from ompycord.domain.records import EffectRow
from ompycord.domain.repository import AgentSpec, CheckSpec, ConfinementLevel, RepositorySpec
from ompycord.domain.run import FailureClass, RunRecord
from ompycord.domain.task import Task, TaskFile
from ompycord.engines.local import Step
from ompycord.errors import NotStored, ProcessFailed, Refused, WorkspaceError
from ompycord.processes.launcher_port import is_enough

__all__ = ["Steps", "is_confined_enough"]

RETRY_S = 0.5
TAKEN_OVER = "Somebody works in its clone at a terminal. Resume it once that has ended."
GO_ON = "You were interrupted. Look at what is done already, and go on with your task where you stopped."

Record = Callable[..., Awaitable[None]]
"""`await record(run, *bodies)`: store facts."""

SessionOf = Callable[[RunId], Awaitable[str | None]]
"""The session that the run's agent opened last in the clone that it has now."""

SessionUsd = Callable[[RunId, str], Awaitable[float]]
"""What the run's agent has told that this session cost."""


async def _unknown_cost(run: RunId, session: str) -> float:
    """Where no cost is kept."""
    return 0.0


FileOf = Callable[[TaskFile], Awaitable[bytes | None]]
"""A file that came with the task; None where it is not kept any more."""


async def _no_file(file: TaskFile) -> None:
    """Where no files are kept."""


CoAuthorOf = Callable[[str], Awaitable[str | None]]
"""How a person wants to stand on commits, `Name <address>`; None where they do not."""


async def _no_one(person: str) -> None:
    """Where no person is known."""


JobEnvironment = Callable[[RunId], Awaitable[dict[str, str]]]
"""What an agent may know: its run, the sidecar's address, a key of its own."""


def is_confined_enough(level: ConfinementLevel, spec: AgentSpec) -> bool:
    """Whether this machine's level is at least what the agent's configuration demands. The rehearsal is our own code."""
    return spec.kind == "rehearsal" or is_enough(level, spec.sandbox)


class Steps:
    """Holds the ports that steps need; `table()` is what the engine takes."""

    def __init__(
        self,
        *,
        catalog: Catalog,
        workspaces: Workspaces,
        adapters: Mapping[str, AgentAdapter],
        checks: Checks,
        level: ConfinementLevel,
        remedy: str = "",
        observe: Record,
        record: Record,
        job_environment: JobEnvironment,
        inboxes: Inboxes,
        session: SessionOf,
        session_usd: SessionUsd = _unknown_cost,
        file: FileOf = _no_file,
        co_author: CoAuthorOf = _no_one,
    ) -> None:
        """`session` is asked only for agents that can go on in one."""
        self._catalog = catalog
        self._workspaces = workspaces
        self._adapters = adapters
        self._checks = checks
        self._level: ConfinementLevel = level
        self._remedy = remedy
        self._observe = observe
        self._record = record
        self._job_environment = job_environment
        self._inboxes = inboxes
        self._session = session
        self._session_usd = session_usd
        self._file = file
        self._co_author = co_author

    def table(self) -> dict[type[fx.Effect], Step]:
        """Effect type to step. `halt` is the driver's own."""
        return {
            fx.PrepareWorkspace: self.prepare,
            fx.RunAgent: self.build,
            fx.Harvest: self.collect,
            fx.RunChecks: self.check,
            fx.Publish: self.publish,
            fx.CleanUp: self.clean_up,
        }

    def _repository(self, task: Task) -> RepositorySpec:
        try:
            return self._catalog.repository(task.repository)
        except Refused as error:  # configuration changed since the task was taken
            raise WorkspaceError(str(error)) from error

    async def prepare(self, row: EffectRow, record: RunRecord, task: Task) -> ev.EffectFinished:
        """A fresh clone at the base."""
        repository = self._repository(task)
        prepared = await self._workspaces.prepare(row.run, repository, base=task.branch)
        return _ok(row, base=prepared.base_commit)

    async def build(self, row: EffectRow, record: RunRecord, task: Task) -> ev.EffectFinished:
        """Start the agent and take its events until it ends. Never done twice under one key."""
        repository = self._repository(task)
        try:
            spec = self._catalog.agent(task.agent, repository=repository)
        except Refused as error:
            return _failed(row, FailureClass.ENV, str(error))
        if not is_confined_enough(self._level, spec):
            return _failed(row, FailureClass.POLICY, _unconfined(spec, self._level, self._remedy))
        prepared = await self._workspaces.workspace(row.run)
        if prepared is None:
            return _failed(row, FailureClass.INTERNAL, "Its clone is gone.")
        if await self._workspaces.is_taken_over(row.run):
            return _waits(row, TAKEN_OVER)
        env = await self._job_environment(row.run)
        adapter = self._adapters[spec.kind]
        files = await self._write_files(row.run, task)
        session = await self._session(row.run) if adapter.capabilities.can_resume else None
        await self._observe(row.run, ev.RunStarted(agent=spec.name))
        try:
            async with self._inboxes.open(row.run, iteration=row.effect.iteration) as inbox:
                job = AgentJob(
                    run=row.run,
                    iteration=row.effect.iteration,
                    task=task,
                    spec=spec,
                    cwd=prepared.path,
                    prompt=_prompt(task, inbox.earlier_messages, files)
                    if session is None
                    else _go_on(inbox.earlier_messages),
                    env=env,
                    session=session,
                    session_usd=await self._session_usd(row.run, session) if session else 0.0,
                    files=files,
                )
                outcome = await adapter.run(job, partial(self._emit, row.run, inbox), inbox)
                await inbox.end()
        except ProcessFailed as error:
            return _failed(row, FailureClass.ENV, str(error))
        if outcome.message:  # its last words, a claim that is shown as one
            said = ev.RunFinished if outcome.claim else ev.RunFailed
            field = "summary" if outcome.claim else "message"
            await self._observe(row.run, said.model_validate({field: outcome.message}))
        return ev.EffectFinished(
            key=row.key,
            outcome="ok",
            failure=outcome.failure,
            message=(outcome.message or "")[:500] or None,
            facts={"claim": outcome.claim},
        )

    async def _write_files(self, run: RunId, task: Task) -> Path | None:
        """What came with the task, beside the clone. Raises WorkspaceError where something of it is gone."""
        folder: Path | None = None
        for file in task.files:
            data = await self._file(file)
            if data is None:
                raise WorkspaceError(
                    f"The file {file.name} that came with the task is not kept any more. Start it anew."
                )
            folder = await self._workspaces.write_file(run, file.name, data)
        return folder

    async def _emit(self, run: RunId, inbox: LogInbox, body: ev.EventBody) -> None:
        """A database that refuses for a while makes the agent wait; it does not end its work."""
        accepted = await inbox.authenticate_request(body)
        while accepted is not None:
            try:
                await self._observe(run, accepted)
            except NotStored:
                await asyncio.sleep(RETRY_S)
            else:
                return

    async def collect(self, row: EffectRow, record: RunRecord, task: Task) -> ev.EffectFinished:
        """Bring the result out and list it: all that differs from the base. Who asked for it stands on it as they wish by now."""
        message = f"{task.title}\n\nOmpycord run {row.run} with {task.agent}."
        who = await self._co_author(record.requester) if record.requester else None
        repository = self._repository(task)
        collected = await self._workspaces.collect(row.run, repository, message=message, co_author=who)
        changed = ev.FilesChanged(files=collected.files, total=collected.total, commit=collected.commit)
        await self._record(row.run, changed)
        return _ok(row, changed=collected.total)

    async def check(self, row: EffectRow, record: RunRecord, task: Task) -> ev.EffectFinished:
        """Every check of the repository, one after the other, in a checkout of what was harvested."""
        repository = self._repository(task)
        if not repository.checks:
            return _ok(row, message=f"No check is configured for {repository.name}.")
        results: list[ev.CheckFinished] = []
        async with self._workspaces.checkout(row.run, repository) as path:
            for spec in repository.checks:
                await self._record(row.run, ev.CheckStarted(check=spec.name))
                result = await self._checks.run(row.run, spec, path)
                await self._record(row.run, result)
                results.append(result)
        passed = _verdict(results)
        finished = _ok(row, message=_sentence(results, repository.checks))
        return finished if passed is None else finished.model_copy(update={"facts": {"passed": passed}})

    async def publish(self, row: EffectRow, record: RunRecord, task: Task) -> ev.EffectFinished:
        """The result on a branch of the repository."""
        repository = self._repository(task)
        branch = f"{repository.branch_prefix}{short_id(row.run)}"
        published = await self._workspaces.publish(row.run, repository, branch=branch)
        if published.branch is None:
            return _ok(row, changed=0)
        collected = await self._workspaces.result(row.run)
        files = collected.files if collected else ()
        total = collected.total if collected else 0
        shown = ev.FilesChanged(files=files, total=total, commit=published.commit, branch=published.branch)
        await self._record(row.run, shown)
        return _ok(row, branch=published.branch)

    async def clean_up(self, row: EffectRow, record: RunRecord, task: Task) -> ev.EffectFinished:
        """The clone goes; branch and record stay."""
        await self._workspaces.discard(row.run)
        return _ok(row)


def _unconfined(spec: AgentSpec, level: ConfinementLevel, remedy: str) -> str:
    wanted = f"{spec.sandbox.minimum}{'' if spec.sandbox.network else ' without network'}"
    words = f"This machine cannot confine an agent ({spec.name} wants {wanted}, here is {level}). Nothing ran."
    return f"{words} {remedy or 'An admin finds what to do in /omp health.'} Or allow this agent by name: sandbox: {{minimum: none}}."


def _prompt(task: Task, said: Sequence[str], files: Path | None) -> str:
    """The task and all that people said of it since: an agent that starts anew knows nothing of an earlier start."""
    since = ("Said since:", *said) if said else ()
    return "\n\n".join((*prompt_text(task, files), *since))


def _go_on(said: Sequence[str]) -> str:
    """For a session that knows its task. What was said may have been cut off on its way, so all of it is said again."""
    if not said:
        return GO_ON
    return "\n\n".join((GO_ON, "Said since it began; you may know some of it:", *said))


def _ok(row: EffectRow, *, message: str | None = None, **facts: str | int | bool) -> ev.EffectFinished:
    return ev.EffectFinished(key=row.key, outcome="ok", message=message, facts=facts)


def _waits(row: EffectRow, message: str) -> ev.EffectFinished:
    """The agent did not come to work; its run waits for a person, like one whose agent broke off."""
    return ev.EffectFinished(
        key=row.key, outcome="ok", failure=FailureClass.LOST, message=message, facts={"claim": False}
    )


def _failed(row: EffectRow, failure: FailureClass, message: str) -> ev.EffectFinished:
    return ev.EffectFinished(key=row.key, outcome="failed", failure=failure, message=message[:500])


def _verdict(results: list[ev.CheckFinished]) -> bool | None:
    """One says no; or one proved nothing (its tool is missing, it collected no test); or all passed."""
    statuses = {result.status for result in results}
    if statuses & {"failed", "timeout"}:
        return False
    return None if statuses & {"missing", "error"} else True


def _sentence(results: list[ev.CheckFinished], specs: tuple[CheckSpec, ...]) -> str:
    bad = [result for result in results if result.status != "passed"]
    if not bad:
        return f"{', '.join(spec.name for spec in specs)} passed."
    first = min(bad, key=lambda result: result.status not in {"failed", "timeout"})
    match first.status:
        case "missing":
            return f"No check ran: {first.detail or first.check + ' is not installed here'}."
        case "timeout":
            return f"{first.check} did not end in its time."
        case "failed" if first.failed is not None and first.passed is not None:
            return f"{first.check}: {first.failed} of {first.failed + first.passed} fail."
        case "error":
            return f"{first.check} proved nothing{f': {first.detail}' if first.detail else ''}."[:500]
        case _:
            return f"{first.check} failed{f': {first.detail}' if first.detail else ''}."[:500]
