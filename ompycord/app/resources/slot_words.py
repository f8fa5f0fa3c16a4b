"""How the slots are used, for `/omp health`: of all servers, or of one, which is told nothing of the others."""

from ompycord.conductor import Slots
from ompycord.conductor.slots import is_only_waiting
from ompycord.domain.ids import RunId
from ompycord.domain.ports import RunFilter, RunRecords
from ompycord.domain.run import RunKind, RunState

__all__ = ["slot_words"]

_MOST = 1000


async def slot_words(runs: RunRecords, slots: Slots, guild: str | None) -> str:
    """How many runs work, wait in line and wait for people."""
    if guild is not None:
        return await _words_in(runs, slots, guild)
    states = frozenset({RunState.QUEUED, RunState.SUSPENDED})
    found = await runs.runs(RunFilter(states=states, kind=RunKind.HOSTED, limit=_MOST))
    queued = [run for run in found if run.state is RunState.QUEUED]
    use = slots.use.with_suspended(sum(map(is_only_waiting, found)))
    answered = f", {use.returning} answered and next" if use.returning else ""
    return f"{use.used} of {use.total} used, {len(queued)} queued, {use.waiting} waiting for people{answered}"


async def _words_in(runs: RunRecords, slots: Slots, guild: str) -> str:
    """How many of all slots are used would tell of the other servers."""
    found = await runs.runs(RunFilter(is_open=True, guild=guild, kind=RunKind.HOSTED, limit=_MOST))
    suspended = [run for run in found if run.state is RunState.SUSPENDED]
    queued = sum(run.state is RunState.QUEUED for run in found)
    paused = sum(slots.is_waiting(RunId(run.id)) for run in found if run.state is not RunState.SUSPENDED)
    work = len(found) - len(suspended) - queued - paused
    waiting = paused + sum(map(is_only_waiting, suspended))
    words = f"{work} at work, {queued} queued, {waiting} waiting for people"
    return f"in this server {words}; all servers share {slots.use.total}"
