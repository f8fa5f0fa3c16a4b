"""A hook whose agent waits for the answer: approval requested in Discord, and the wait for it.

Counterpart: `bot/interactions/approvals.py`.
"""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final, Literal

from starlette.types import Receive

from ompycord.conductor import Bus, Snapshots, wait_for
from ompycord.domain.events import ApprovalRequested
from ompycord.domain.folds.snapshot import Approval, StatusSnapshot
from ompycord.domain.ids import RunId
from ompycord.domain.ports import Clock
from ompycord.http.pipeline import ClientDisconnected, RequestPipeline

__all__ = ["ASK_S", "CANCELLED", "ApprovalVerdict", "HookApprovals", "verdict_of"]

ASK_S: Final = 55.0
"""Seconds for which an agent waits for people; the hooks that we write give up after 60 s."""


@dataclass(frozen=True, slots=True)
class ApprovalVerdict:
    """The answer for the agent. `ask` leaves the decision to the person at its terminal."""

    permission: Literal["allow", "deny", "ask"]
    reason: str

    @property
    def is_decided(self) -> bool:
        """Whether a person decided."""
        return self.permission != "ask"


class HookApprovals:
    """Waits for people. Without a bus it cannot wait."""

    def __init__(
        self,
        *,
        snapshots: Snapshots,
        pipeline: RequestPipeline,
        clock: Clock,
        bus: Bus | None,
    ) -> None:
        self._waiting: set[tuple[RunId, str]] = set()
        self._snapshots = snapshots
        self._pipeline = pipeline
        self._clock = clock
        self._bus = bus

    @property
    def can_wait(self) -> bool:
        """Whether it can wait for a decision."""
        return self._bus is not None

    async def permission(self, run: RunId, wanted: ApprovalRequested) -> Approval | None:
        """The approval for the whole run that covers this; each use of it is an event, which the caller stores."""
        snapshot = await self._snapshots.of(run)
        return snapshot.permission_for(wanted) if snapshot else None

    @contextmanager
    def waiting(self, run: RunId, approval: str) -> Generator[None]:
        """Note that an agent waits here for this approval, until the block ends."""
        self._waiting.add((run, approval))
        try:
            yield
        finally:
            self._waiting.discard((run, approval))

    async def overtaken(self, run: RunId, approval: str | None) -> tuple[str, ...]:
        """Open requests for which nobody here waits although their session went on: `approval`, or None for all."""
        snapshot = await self._snapshots.of(run)
        known = [one.ref for one in snapshot.open_approvals] if snapshot and not snapshot.is_final else []
        return tuple(ref for ref in known if approval in {None, ref} and (run, ref) not in self._waiting)

    async def decided(self, run: RunId, approval: str, receive: Receive) -> ApprovalVerdict:
        """Wait for a person, at most `ASK_S`. Raises ClientDisconnected when the agent does not wait any more."""
        async with asyncio.TaskGroup() as tasks:
            disconnected = tasks.create_task(_hung_up(receive))
            verdict = tasks.create_task(self._wait(run, approval))
            await asyncio.wait((disconnected, verdict), return_when=asyncio.FIRST_COMPLETED)
            is_over = verdict.done()
            disconnected.cancel()
            verdict.cancel()
        if not is_over:
            raise ClientDisconnected
        return verdict.result()

    async def _wait(self, run: RunId, approval: str) -> ApprovalVerdict:
        assert self._bus is not None

        def found(snapshot: StatusSnapshot | None) -> ApprovalVerdict | None:
            if snapshot is None:
                return None
            known = next((one for one in snapshot.approvals if one.ref == approval), None)
            if known is not None and known.status in {"granted", "denied"}:
                return verdict_of(known)
            if snapshot.cancel_requested:
                return CANCELLED
            return _UNDECIDED if snapshot.is_final else None

        verdict = await wait_for(
            found, run, wait_s=ASK_S, is_ending=lambda: self._pipeline.is_draining,
            snapshots=self._snapshots, bus=self._bus, clock=self._clock,
        )  # fmt: skip
        return verdict or _UNDECIDED


CANCELLED: Final = ApprovalVerdict("deny", "This run was cancelled in Discord.")
"""Nobody decided on the tool: its run is to end."""
_UNDECIDED: Final = ApprovalVerdict("ask", "Nobody decided in Discord.")


def verdict_of(decided: Approval) -> ApprovalVerdict:
    """What a person's decision means for the agent."""
    if decided.status == "granted":
        return ApprovalVerdict("allow", f"{decided.by} allowed it in Discord.")
    return ApprovalVerdict("deny", f"{decided.by} does not allow it{f': {decided.reason}' if decided.reason else '.'}")


async def _hung_up(receive: Receive) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(2 * ASK_S):
            while (await receive())["type"] != "http.disconnect":
                pass
