"""A kind of agent as another distribution adds it.

Options, a dialect of its own and an adapter, and nothing of Ompycord changed.

`tests/support/extension/installed.py` lays it out as an installed distribution.
"""

import json
from typing import Any, ClassVar, Final, Literal

from ompycord.agents.converse import converse
from ompycord.agents.kind import AgentKind, AgentOptions, RepositoryFiles
from ompycord.agents.level import require_level
from ompycord.dialects.protocol_session import Reaction
from ompycord.domain.events import EventBody, Message
from ompycord.domain.ports import AgentCapabilities, AgentInput, AgentJob, AgentOutcome, Emit, Inbox
from ompycord.processes.launcher_port import Launcher

__all__ = ["AGENT", "GooseAgent", "GooseOptions"]


class GooseOptions(AgentOptions):
    """A program that takes its task as one JSON line and honks until it is done."""

    programs: ClassVar[tuple[RepositoryFiles, ...]] = (
        RepositoryFiles(
            program="Goose", could="nothing: it reads none", variables={"GOOSE_CALM": "1"}, shut_by="a variable"
        ),
    )

    kind: Literal["goose"] = "goose"  # pyright: ignore[reportIncompatibleVariableOverride]  # frozen: never set
    loudness: int = 1
    """How often each word is repeated."""


class _Talk:
    """`{"honk": text}` is a message, `{"done": text}` the end."""

    awaits_person = False
    is_starting = False

    def __init__(self, prompt: str, loudness: int) -> None:
        self._prompt = prompt
        self._loudness = loudness

    def begin(self) -> Reaction:
        return Reaction(send=({"task": self._prompt},))

    def skips(self, line: str) -> bool:
        return not line.startswith("{")

    def on_line(self, line: str, *, now_ms: int) -> Reaction:
        frame: dict[str, Any] = json.loads(line)
        if "honk" in frame:
            return Reaction(events=(Message(text=" ".join([frame["honk"]] * self._loudness)),))
        return Reaction(outcome=AgentOutcome(claim=True, message=frame["done"]))

    def on_input(self, received: AgentInput) -> Reaction:
        return Reaction()

    def cut(self) -> tuple[EventBody, ...]:
        return ()

    def interrupt(self) -> Reaction:
        return Reaction()


class GooseAgent:
    """Starts `spec.command`."""

    capabilities = AgentCapabilities()

    def __init__(self, *, launcher: Launcher) -> None:
        self._launcher = launcher

    async def run(self, job: AgentJob, emit: Emit, inbox: Inbox) -> AgentOutcome:
        """See the port."""
        require_level(self._launcher, job.spec)
        talk = _Talk(job.prompt, GooseOptions.of(job.spec).loudness)
        return await converse(self._launcher, job, job.spec.command, talk, emit, inbox)


AGENT: Final = AgentKind(options=GooseOptions, adapter=GooseAgent)
