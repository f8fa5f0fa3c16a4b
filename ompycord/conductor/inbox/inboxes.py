"""The inboxes of the agents that work in this process, one for each start of one; see `log_inbox.py`."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from ompycord.conductor.bus import Bus
from ompycord.conductor.inbox.log_inbox import POLL_S, Assess, LogInbox, Record, as_it_is
from ompycord.conductor.roles.waiting import StillAllowed
from ompycord.conductor.slots import Slots
from ompycord.conductor.transcript import Transcript
from ompycord.domain import events as ev
from ompycord.domain.ids import RunId
from ompycord.domain.ports import RunHistory
from ompycord.domain.refs import Ref, RefKind

__all__ = ["Inboxes"]


class Inboxes:
    """Opens a run's inbox for as long as its agent runs."""

    def __init__(
        self,
        *,
        history: RunHistory,
        bus: Bus,
        record: Record,
        slots: Slots | None = None,
        assess: Assess = as_it_is,
        still: StillAllowed | None = None,
    ) -> None:
        """`assess` finds the risk class of each request, and whether people are asked at all."""
        self._assess = assess
        self._still = still
        self._history = history
        self._bus = bus
        self._record = record
        self._slots = slots
        self._at_work: dict[RunId, LogInbox] = {}

    def of(self, run: RunId) -> LogInbox | None:
        """The inbox of the agent that works on a run in this process; None while there is none."""
        return self._at_work.get(run)

    async def decision(
        self, run: RunId, approval: str, *, or_withdrawn: bool = False
    ) -> ev.ApprovalGranted | ev.ApprovalDenied | None:
        """What a person decides on a request of our own; waits for it. It survives a restart: the log has both.

        Meanwhile its slot is free for others. `or_withdrawn`: None once nobody has to decide any more.
        """
        ref, transcript = Ref(RefKind.APPROVAL, approval), Transcript()
        with self._bus.subscribe() as subscription:
            while True:
                transcript.add(await self._history.transcript(run, after=transcript.position))
                request = transcript.requests.get(ref)
                if request is not None and isinstance(request.decided, ev.ApprovalGranted | ev.ApprovalDenied):
                    if self._slots is not None:
                        await self._slots.regain(run)
                    voided = None if self._still is None else await self._still.approval(run, request)
                    if voided is not None:
                        return ev.ApprovalDenied(approval=approval, by="Ompycord", reason=voided)
                    return request.decided
                if request is not None and request.is_withdrawn and or_withdrawn:
                    if self._slots is not None:
                        await self._slots.regain(run)
                    return None
                if self._slots is not None:
                    self._slots.give_back(run)
                await subscription.take_of(run, POLL_S)

    @asynccontextmanager
    async def open(self, run: RunId, *, iteration: int, starts_fresh: bool = False) -> AsyncGenerator[LogInbox]:
        """Open the inbox of one start of an agent: all messages until now are taken with it, others come by `next`.

        `starts_fresh`: it goes on in no session of this run, so it asks what an earlier start was answered.
        """
        with self._bus.subscribe() as subscription:
            inbox = LogInbox(
                history=self._history,
                record=self._record,
                subscription=subscription,
                run=run,
                iteration=iteration,
                slots=self._slots,
                assess=self._assess,
                still=self._still,
                starts_fresh=starts_fresh,
            )
            await inbox.start()
            self._at_work[run] = inbox
            try:
                yield inbox
            finally:
                if self._at_work.get(run) is inbox:
                    del self._at_work[run]
