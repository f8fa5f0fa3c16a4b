"""`ompycord plan`: a run's plan as operators read it, and what they decide about it. Counterpart of `cli/deciding/`.

Reading works on the data folder alone; a decision moves a run, which takes the running process.
"""

from typing import Annotated, Any, Final

from pydantic import Field, ValidationError

from ompycord.app.control import Operation
from ompycord.app.terminal.named_run import decided, load_named, person_at_terminal
from ompycord.conductor import Plans, Snapshots
from ompycord.conductor.snapshots import LoadedRun
from ompycord.domain.base import Frozen
from ompycord.domain.folds.reports import Proposal
from ompycord.domain.ids import short_id
from ompycord.domain.ports import RunRecords
from ompycord.errors import RefusedInWords, UnavailableError
from ompycord.render.reports.passes import passes_lines
from ompycord.render.reports.plan_lines import plan_lines
from ompycord.render.sanitizer import Sanitizer

__all__ = ["PlanOperations"]

_LINES: Final = Sanitizer(str, terminal=True)
"""The control socket takes secrets out of every answer."""


class _Request(Frozen):
    run: Annotated[str, Field(pattern=r"^[0-9A-Za-z]{4,26}$")]
    plan: Annotated[str, Field(pattern=r"^[0-9a-fA-F]{8,64}$")] | None = None
    """The beginning of the hash of the plan that was read; left out: the one that waits now."""
    words: Annotated[str, Field(max_length=4000)] = ""
    by: Annotated[str, Field(min_length=1, max_length=64)] = "someone"


class PlanOperations:
    """Reads and decides. Without `plans` there is no process that conducts, and every decision is refused."""

    def __init__(self, *, store: RunRecords, snapshots: Snapshots, plans: Plans | None = None) -> None:
        self._store = store
        self._snapshots = snapshots
        self._plans = plans

    def operations(self) -> dict[str, Operation]:
        """The operations by the names that the control socket uses."""
        return {
            "plans.show": self._show,
            "plans.approve": self._approve,
            "plans.change": self._change,
            "plans.reject": self._reject,
        }

    async def _show(self, arguments: dict[str, Any]) -> dict[str, Any]:
        loaded = await self._load(_read(arguments))
        snapshot = loaded.snapshot
        if snapshot is None or not snapshot.proposals:
            raise RefusedInWords(f"Run {short_id(loaded.run)} has no plan. Runs in mode full have one.")
        latest = snapshot.proposals[-1]
        return {
            "run": short_id(loaded.run),
            "state": snapshot.state,
            "waits": snapshot.open_proposal is not None,
            "plans": [_shown(one) for one in snapshot.proposals],
            "lines": [
                *plan_lines(latest.plan, _LINES),
                *(passes_lines(latest.passes, _LINES) if latest.passes is not None else []),
            ],
        }

    async def _approve(self, arguments: dict[str, Any]) -> dict[str, Any]:
        request, plans = _read(arguments), self._deciding()
        loaded = await self._load(request)
        return decided(loaded, await plans.approve(loaded, person_at_terminal(request.by), plan=request.plan))

    async def _change(self, arguments: dict[str, Any]) -> dict[str, Any]:
        request, plans = _read(arguments), self._deciding()
        loaded = await self._load(request)
        return decided(
            loaded, await plans.change(loaded, request.words, person_at_terminal(request.by), plan=request.plan)
        )

    async def _reject(self, arguments: dict[str, Any]) -> dict[str, Any]:
        request, plans = _read(arguments), self._deciding()
        loaded = await self._load(request)
        reason = request.words or None
        return decided(
            loaded, await plans.reject(loaded, person_at_terminal(request.by), reason=reason, plan=request.plan)
        )

    def _deciding(self) -> Plans:
        if self._plans is None:
            raise UnavailableError("No Ompycord runs with this data folder. Start it with `ompycord up`, then decide.")
        return self._plans

    async def _load(self, request: _Request) -> LoadedRun:
        return await load_named(self._store, self._snapshots, request.run, listed_by="ompycord runs --all")


def _read(arguments: dict[str, Any]) -> _Request:
    try:
        return _Request.model_validate(arguments)
    except ValidationError:
        raise RefusedInWords(
            "A run is named by the last characters of its id, four or more; a plan by eight or more of its hash."
        ) from None


def _shown(proposal: Proposal) -> dict[str, Any]:
    return {
        "hash": proposal.hash,
        "status": proposal.status,
        "by": proposal.by,
        "words": proposal.words,
        "plan": proposal.plan.model_dump(mode="json"),
        "passes": None if proposal.passes is None else proposal.passes.model_dump(mode="json"),
    }
