"""`ompycord secret`: what agents ask for, given or refused by the operator; counterpart of `cli/deciding/secret.py`.

All of it takes the running process: only that knows the agents.
"""

from typing import Annotated, Any, Final

from pydantic import Field, SecretStr, ValidationError

from ompycord.app.control import Operation
from ompycord.app.terminal.named_run import decided, load_named, person_at_terminal
from ompycord.conductor import Approvals, Snapshots
from ompycord.conductor.secret_requests import SecretRequest, SecretRequests
from ompycord.conductor.snapshots import LoadedRun
from ompycord.domain.base import Frozen
from ompycord.domain.ids import RunId, short_id
from ompycord.domain.ports import RunFilter, RunRecords
from ompycord.domain.run import RunKind
from ompycord.domain.secret_requests.rules import MOST_SECRET, REFUSE
from ompycord.errors import RefusedInWords, UnavailableError
from ompycord.render.sanitizer import Sanitizer

__all__ = ["SecretOperations"]

_RUNS: Final = 200
"""Open runs that are looked through."""
_TEXT: Final = 1200
_LINES: Final = Sanitizer(str, terminal=True)
"""The control socket takes secrets out of every answer."""


class _Request(Frozen):
    run: Annotated[str, Field(pattern=r"^[0-9A-Za-z]{4,26}$")]
    name: Annotated[str, Field(max_length=64)]
    value: SecretStr = SecretStr("")
    host: Annotated[str, Field(max_length=300)] | None = None
    by: Annotated[str, Field(min_length=1, max_length=64)] = "someone"


class SecretOperations:
    """Lists, gives, refuses. Without `asked` and `approvals` there is no process that conducts, and all is refused."""

    def __init__(
        self,
        *,
        store: RunRecords,
        snapshots: Snapshots,
        requests: SecretRequests | None = None,
        approvals: Approvals | None = None,
    ) -> None:
        self._store = store
        self._snapshots = snapshots
        self._requests = requests
        self._approvals = approvals

    def operations(self) -> dict[str, Operation]:
        """The operations by the names that the control socket uses."""
        return {"secrets.list": self._list, "secrets.give": self._give, "secrets.refuse": self._refuse}

    async def _list(self, arguments: dict[str, Any]) -> dict[str, Any]:
        requests, _ = self._conducting()
        records = await self._store.runs(RunFilter(is_open=True, kind=RunKind.HOSTED, limit=_RUNS))
        found: list[dict[str, Any]] = []
        for record in records:
            loaded = await self._snapshots.load(record)
            if loaded.snapshot is None or not any(one.secret for one in loaded.snapshot.open_questions):
                continue
            title = loaded.snapshot.title
            asks = [one for one in await requests.requests(loaded.run) if one.is_open]
            at = {one.ref: one.asked_at for one in loaded.snapshot.questions}
            found += [
                {
                    **_shown(loaded, one, title=title, asked_at=at.get(one.question)),
                    "hosts": list(requests.hosts(record, one.name)),
                }
                for one in asks
            ]
        return {"secrets": found}

    async def _give(self, arguments: dict[str, Any]) -> dict[str, Any]:
        requests, _ = self._conducting()
        request = _read(arguments)
        loaded = await self._load(request)
        committed = await requests.give(
            loaded, request.name, request.value, person_at_terminal(request.by), way="at a terminal", host=request.host
        )
        return decided(loaded, committed)

    async def _refuse(self, arguments: dict[str, Any]) -> dict[str, Any]:
        requests, approvals = self._conducting()
        request = _read(arguments)
        loaded = await self._load(request)
        open_ = await requests.open_request(loaded.record, name=request.name)
        return decided(loaded, await approvals.answer(loaded, open_.question, REFUSE, person_at_terminal(request.by)))

    def _conducting(self) -> tuple[SecretRequests, Approvals]:
        if self._requests is None or self._approvals is None:
            raise UnavailableError("No Ompycord runs with this data folder, so no agent asks. Start it: `ompycord up`.")
        return self._requests, self._approvals

    async def _load(self, request: _Request) -> LoadedRun:
        return await load_named(self._store, self._snapshots, request.run, listed_by="ompycord secret list")


def _read(arguments: dict[str, Any]) -> _Request:
    value = arguments.get("value")
    if isinstance(value, str) and len(value) > MOST_SECRET:
        raise RefusedInWords(f"It is longer than {MOST_SECRET:,} characters. Nothing was given.")
    try:
        return _Request.model_validate(arguments)
    except ValidationError:
        raise RefusedInWords(
            "A run is named by the last characters of its id, four or more, then the name of the secret."
        ) from None


def _shown(loaded: LoadedRun, request: SecretRequest, *, title: str, asked_at: int | None) -> dict[str, Any]:
    return {
        "run": short_id(RunId(loaded.record.id)),
        "name": request.name,
        "text": _LINES.line(request.text, _TEXT),
        "title": _LINES.line(title, _TEXT),
        "agent": loaded.record.agent,
        "repository": loaded.record.repository,
        "asked_at": asked_at,
    }
