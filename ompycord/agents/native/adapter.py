"""The built-in agent: it needs a provider of the settings and no program of anyone else.

Its loop runs here and asks models through the gateway; its tools run confined in `tools_program.py`, without a key, a
token or, by default, a network. Counterparts: `work.py`, `offers.py`.
"""

import asyncio
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated, ClassVar, Final, Literal, Self

from pydantic import Field, model_validator

from ompycord.agents.converse import wall_ms
from ompycord.agents.ending import unexplained
from ompycord.agents.kind import AgentKind, AgentOptions, RepositoryFiles
from ompycord.agents.level import layout_of, require_level
from ompycord.agents.native.history import load, new_session
from ompycord.agents.native.incoming import IncomingMessages
from ompycord.agents.native.offers import ASKING_FOR_SECRETS, READ, READING_TOOLS, WORK, WORKING_TOOLS
from ompycord.agents.native.tool_program import BOUNDS, ToolProgram
from ompycord.agents.native.work import Session, WorkLoop
from ompycord.agents.repository_settings import NATIVE, own_environment
from ompycord.agents.resuming import go_on
from ompycord.dialects.provider_refusals import read_refusal
from ompycord.domain.events import SessionOpened
from ompycord.domain.ports import AgentCapabilities, AgentJob, AgentOutcome, Emit, Inbox
from ompycord.domain.ports.models import Conversation, Models, OfferedTool, Temperature
from ompycord.domain.repository import OwnName
from ompycord.domain.run import EndedBy, FailureClass
from ompycord.errors import ModelFailed, ProcessFailed
from ompycord.processes import Clocks, ProcessSpec, RunningProcess
from ompycord.processes.launcher_port import Launcher, Layout
from ompycord.text import cut

__all__ = ["AGENT", "NativeAgent", "NativeOptions"]

_PROGRAM: Final = Path(__file__).with_name("tools_program.py")
_KEPT_HERE: Final = frozenset({"OMPYCORD_RUN_TOKEN", "OMPYCORD_KEY", "OMPYCORD_URL", "OMPYCORD_MCP_URL"})
"""Variables for agents that speak to us themselves: its tools do not."""
_GOODBYE_S: Final = 10.0
_SENTENCE: Final = 500
_INSTRUCTIONS: Final = ("AGENTS.md", "CLAUDE.md")
"""Texts for models that repositories have; the first one there counts."""


class NativeOptions(AgentOptions):
    """The built-in agent. It has no command; it asks the models of `providers`."""

    programs: ClassVar[tuple[RepositoryFiles, ...]] = (NATIVE,)
    takes_model: ClassVar[bool] = True
    asks_models: ClassVar[bool] = True

    kind: Literal["native"] = "native"  # pyright: ignore[reportIncompatibleVariableOverride]  # frozen: never set
    model: OwnName | None = None
    """The model to use, by its provider's name; left out: the first of `models`, else the first that a provider names.
    """
    temperature: Temperature | None = None
    """Left out: the provider's own."""
    max_turns: Annotated[int, Field(ge=1, le=2000)] = 200
    """Answers of its model in one start; then it is stopped."""
    context_characters: Annotated[int, Field(ge=20_000, le=4_000_000)] = 400_000
    """Characters of its conversation; beyond them the oldest results of tools are left out."""
    approvals: Literal["none", "commands"] = "none"
    """Whether a person allows each command before it runs."""

    @model_validator(mode="after")
    def _has_no_command(self) -> Self:
        if self.command:
            raise ValueError("an agent of kind native is built in: it has no command")
        return self


class NativeAgent:
    """A loop around a model, and tools in a program of their own."""

    capabilities = AgentCapabilities(can_steer=True, can_resume=True, asks=True, approves=True)

    def __init__(self, *, launcher: Launcher, now_ms: Callable[[], int] = wall_ms) -> None:
        self._launcher = launcher
        self._now_ms = now_ms

    async def run(self, job: AgentJob, emit: Emit, inbox: Inbox) -> AgentOutcome:
        """See the port. Also raises ProcessFailed where confinement does not reach `spec.sandbox.minimum`, and where
        there is no model to ask.
        """
        require_level(self._launcher, job.spec)
        models = _models_of(job)
        try:
            await models.load()
        except ModelFailed as error:
            raise ProcessFailed(str(error)) from error
        return await go_on(job, emit, partial(self._start, inbox, models))

    async def _start(self, inbox: Inbox, models: Models, job: AgentJob, emit: Emit) -> AgentOutcome:
        layout = _layout_of(job)
        earlier: tuple[Conversation, ...] = ()
        if job.session is not None:
            known = await asyncio.to_thread(load, layout.home, job.session)
            if known is None:
                message = "Its session is not there any more."
                return AgentOutcome(claim=False, message=message, failure=FailureClass.LOST, ended_by=EndedBy.EXIT)
            earlier = known
        session = _session_of(job, models, layout)
        spec = ProcessSpec(
            argv=(sys.executable, "-I", "-S", str(_PROGRAM), *([str(job.files)] if job.files else [])),
            env=_environment_of(job, layout),
            cwd=job.cwd,
            keep_input_open=True,
            marker=job.run,
        )
        clocks = Clocks(wall_s=job.spec.wall_s, idle_s=job.spec.idle_s)
        async with self._launcher.start(spec, layout, clocks=clocks, bounds=BOUNDS) as process:
            if job.listener is not None:
                job.listener.watch_waits(process.waits_for_provider)
            await emit(SessionOpened(session=session.name, agent=job.spec.name, model=session.model))
            tools, people = ToolProgram(process), IncomingMessages(inbox)
            work = WorkLoop(
                session=session, models=models, tools=tools, people=people, emit=emit, inbox=inbox, process=process
            )
            outcome = await _lead(work, tools, people, process, earlier, job)
            if outcome is not None:
                return outcome
            result = await process.wait()
            return unexplained(
                job.spec, result, tools.last_lines, now_ms=self._now_ms(), has_spoken=tools.is_ready, early=True
            )


async def _lead(
    work: WorkLoop, tools: ToolProgram, people: IncomingMessages, process: RunningProcess,
    earlier: tuple[Conversation, ...], job: AgentJob,
) -> AgentOutcome | None:  # fmt: skip
    """How it ended; None where its program ended before. Raises what `emit` raises."""
    try:
        async with asyncio.TaskGroup() as tasks:
            reading = tasks.create_task(tools.read())
            delivering = tasks.create_task(people.deliver())
            working = tasks.create_task(_worked(work, tools, earlier, job))
            await asyncio.wait((reading, working), return_when=asyncio.FIRST_COMPLETED)
            delivering.cancel()
            process.close_input()
            if working.done():
                await asyncio.wait((reading,), timeout=_GOODBYE_S)
            working.cancel()
            reading.cancel()
    except ExceptionGroup as group:
        raise group.exceptions[0] from group
    return None if working.cancelled() else working.result()


async def _worked(work: WorkLoop, tools: ToolProgram, earlier: tuple[Conversation, ...], job: AgentJob) -> AgentOutcome:
    try:
        prompt = job.prompt if earlier else f"{job.prompt}{await _instructions(tools)}"
        return await work.run(earlier, prompt)
    except ModelFailed as error:
        words = cut(str(error), _SENTENCE)
        refusal = read_refusal(str(error), now_ms=wall_ms(), status=error.status)
        if refusal is not None:
            return refusal.outcome(words)
        return AgentOutcome(claim=False, message=words, failure=FailureClass.ENV, ended_by=EndedBy.PROVIDER)


async def _instructions(tools: ToolProgram) -> str:
    """The repository's own text for models, as a paragraph; empty where it has none."""

    async def passed_over(text: str) -> None:
        return

    for name in _INSTRUCTIONS:
        answer = await tools.call(f"of-{name}", "read", {"path": name, "plain": True}, passed_over)
        if answer.ok and answer.text.strip():
            return f"\n\nThe repository says to those who work in it ({name}):\n\n{answer.text}"
    return ""


def _models_of(job: AgentJob) -> Models:
    models = job.listener.models if job.listener is not None else None
    if models is None:
        raise ProcessFailed(
            f"{job.spec.name} asks models through Ompycord, and no provider is configured. "
            "Name one under providers in ompycord.yml."
        )
    return models


def _session_of(job: AgentJob, models: Models, layout: Layout) -> Session:
    options = NativeOptions.of(job.spec)
    named = (job.task.model, options.model, *options.models, *models.names)
    model = next((name for name in named if name), None)
    if model is None:
        raise ProcessFailed(
            f"No model is named for {options.name}. Name one in agents.{options.name}.model, or in a provider's models."
        )
    is_work = job.purpose == "work"
    return Session(
        name=job.session or new_session(),
        home=layout.home,
        root=str(job.cwd.resolve()),
        template=WORK if is_work else READ,
        tools=_tools_of(job),
        ask_secret=job.ask_secret,
        model=model,
        temperature=options.temperature,
        most_turns=options.max_turns,
        most_characters=options.context_characters,
        asks_before_commands=options.approvals == "commands",
    )


def _tools_of(job: AgentJob) -> tuple[OfferedTool, ...]:
    if job.purpose != "work":
        return READING_TOOLS
    return WORKING_TOOLS if job.ask_secret is None else (*WORKING_TOOLS, ASKING_FOR_SECRETS)


def _layout_of(job: AgentJob) -> Layout:
    """Its tools reach nothing of ours, unless hosts are named to which our proxy leads."""
    return replace(layout_of(job), listener=job.listener if job.spec.sandbox.hosts else None)


def _environment_of(job: AgentJob, layout: Layout) -> dict[str, str]:
    own = own_environment(job.spec, home=layout.home, tree=job.cwd)
    return {**own, **{name: value for name, value in job.env.items() if name not in _KEPT_HERE}}


AGENT: Final = AgentKind(options=NativeOptions, adapter=NativeAgent)
