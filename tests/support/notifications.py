"""Deliveries, and a target whose answers a test writes; for tests of `notify/`."""

import asyncio
from collections.abc import Callable, Mapping

from ompycord.domain.deliveries import Delivery, StoredDelivery, Topic
from ompycord.domain.ids import RunId
from ompycord.notify import Attempt
from ompycord.testing.clock import START_MS
from tests.support.patience import within

PATIENCE_S = 10.0
ONE, TWO = RunId("01ARZ3NDEKTSV4RRFFQ69G5FA1"), RunId("01ARZ3NDEKTSV4RRFFQ69G5FA2")


def delivery(
    number: int, *, run: RunId | None = ONE, destination: str = "ci", at: int = START_MS, topic: Topic = Topic.RUN
) -> Delivery:
    return Delivery(
        id=f"{destination}-{number:03d}",
        destination=destination,
        topic=topic,
        run=run,
        content={"type": "run.started", "number": number},
        not_before=at,
        created_at=at,
    )


class ScriptedTarget:
    """Answers by script, holds what it is told to hold, and knows in which order things came."""

    def __init__(self, destination: str = "ci", answers: Mapping[str, list[Attempt]] | None = None) -> None:
        self.destination = destination
        self.answers = {name: list(answers) for name, answers in (answers or {}).items()}
        """What each delivery is answered, one a try; then it arrives."""
        self.tried: list[str] = []
        self.arrived: list[str] = []
        self.held: dict[str, asyncio.Event] = {}
        self._changed = asyncio.Condition()

    async def deliver(self, stored: StoredDelivery) -> Attempt:
        name = stored.delivery.id
        async with self._changed:
            self.tried.append(name)
            self._changed.notify_all()
        if name in self.held:
            await self.held[name].wait()
        script = self.answers.get(name)
        answer = script.pop(0) if script else Attempt()
        if answer.error is None:
            async with self._changed:
                self.arrived.append(name)
                self._changed.notify_all()
        return answer

    async def until(self, holds: Callable[[], bool]) -> None:
        """Until it holds of what was tried or arrived; bounded."""
        async with within(PATIENCE_S), self._changed:
            await self._changed.wait_for(holds)
