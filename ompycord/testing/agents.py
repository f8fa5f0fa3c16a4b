"""An agent whose events a test writes; satisfies `domain.ports.AgentAdapter` and its contract."""

import asyncio
from collections.abc import Sequence

from ompycord.domain.events import EventBody
from ompycord.domain.ports import AgentCapabilities, AgentInput, AgentJob, AgentOutcome, Emit, Inbox

__all__ = ["ScriptedAgent", "ScriptedInbox"]


class ScriptedInbox:
    """Messages from people, written by a test; satisfies `domain.ports.Inbox`."""

    def __init__(self, *bodies: AgentInput) -> None:
        self._waiting: asyncio.Queue[AgentInput] = asyncio.Queue(64)
        self.acknowledged = 0
        """How many texts the agent's session has, as its adapter reported."""
        self.send(*bodies)

    def send(self, *bodies: AgentInput) -> None:
        """Queue these as the next ones, in this order."""
        for body in bodies:
            self._waiting.put_nowait(body)

    async def next(self) -> AgentInput:
        return await self._waiting.get()

    async def acknowledge(self, texts: int) -> None:
        self.acknowledged += texts


class ScriptedAgent:
    """Emits its script, edits files in its folder, then ends as scripted.

    `hold()` keeps it running until `release()`.
    """

    capabilities = AgentCapabilities(simulated=True)

    def __init__(
        self,
        script: Sequence[EventBody] = (),
        *,
        writes: dict[str, str] | None = None,
        outcome: AgentOutcome | None = None,
    ) -> None:
        self.jobs: list[AgentJob] = []
        self.cancelled = 0
        self.script: Sequence[EventBody] = script
        self.writes = writes or {}
        self.outcome = outcome or AgentOutcome(claim=True, message="Done, it says.")
        self.acknowledges = 0
        """How many texts its session has once its script is emitted."""
        self._go = asyncio.Event()
        self._go.set()
        self.began = asyncio.Event()
        self.received: asyncio.Queue[AgentInput] = asyncio.Queue(64)
        """The messages that it received while it ran."""

    def hold(self) -> None:
        """Do not end before `release`."""
        self._go.clear()

    def release(self) -> None:
        """End now."""
        self._go.set()

    async def _listen(self, inbox: Inbox) -> None:
        while True:
            self.received.put_nowait(await inbox.next())

    async def run(self, job: AgentJob, emit: Emit, inbox: Inbox) -> AgentOutcome:
        self.jobs.append(job)
        for body in self.script:
            await emit(body)
        if self.acknowledges:
            await inbox.acknowledge(self.acknowledges)
        self.began.set()
        try:
            async with asyncio.TaskGroup() as group:
                listening = group.create_task(self._listen(inbox))
                await self._go.wait()
                listening.cancel()
        except ExceptionGroup as group:
            raise group.exceptions[0] from group
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        for name, text in self.writes.items():
            (job.cwd / name).write_text(text, encoding="utf-8")
        return self.outcome
