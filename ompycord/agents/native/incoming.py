"""What people send to the built-in agent while it works, and what it waits for from them."""

import asyncio
from collections import deque
from contextlib import suppress
from typing import Final

from ompycord.domain.events import ApprovalDenied, ApprovalGranted, Prompted, QuestionAnswered
from ompycord.domain.ports import AgentInput, Inbox, QueueingInbox

__all__ = ["IncomingMessages"]

_DELIVERY_S: Final = 0.5
"""Seconds between two looks whether a message still waits."""
Decision = QuestionAnswered | ApprovalGranted | ApprovalDenied


class IncomingMessages:
    """One start's. `deliver` runs beside the work until it is cancelled."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self._queue = inbox if isinstance(inbox, QueueingInbox) else None
        self._texts: deque[str] = deque()
        self._waiting: dict[str, asyncio.Future[Decision]] = {}
        self._changed = asyncio.Event()

    async def deliver(self) -> None:
        """Take every message in its order."""
        while True:
            self._take(await self._inbox.next())

    def messages(self) -> tuple[str, ...]:
        """What people wrote since the last time."""
        texts = tuple(self._texts)
        self._texts.clear()
        return texts

    def expect(self, name: str) -> "asyncio.Future[Decision]":
        """The decision about a request of this name, to be awaited once the request is stored."""
        decision = asyncio.get_running_loop().create_future()
        self._waiting[name] = decision
        return decision

    async def has_more(self) -> bool:
        """Whether a message waits, so that the work goes on although its model is done. It is here at the return."""
        while not self._texts and self._queue is not None and await self._queue.has_more():
            self._changed.clear()
            with suppress(TimeoutError):  # it may be taken back meanwhile
                async with asyncio.timeout(_DELIVERY_S):
                    await self._changed.wait()
        return bool(self._texts)

    def _take(self, received: AgentInput) -> None:
        match received:
            case Prompted(text=text):
                self._texts.append(text)
            case QuestionAnswered(question=name) | ApprovalGranted(approval=name) | ApprovalDenied(approval=name):
                decision = self._waiting.pop(name, None)
                if decision is not None and not decision.done():
                    decision.set_result(received)
        self._changed.set()
