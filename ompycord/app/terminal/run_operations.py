"""`ompycord run` and `resume` in the process that conducts: a run that a person starts or resumes at a terminal.

Counterpart: `session.py`. Whoever reaches the control socket has the rights of the bot's own user.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Protocol, TypeVar

from pydantic import Field, ValidationError

from ompycord.app.control import Operation
from ompycord.app.terminal.reports import find_run
from ompycord.conductor import Checkpoints, Runs, Snapshots, Submission
from ompycord.domain.access import Person, Role
from ompycord.domain.base import Frozen
from ompycord.domain.catalog import Catalog
from ompycord.domain.ids import DraftId
from ompycord.domain.ports import Ids, RunRecords, Tasks
from ompycord.domain.task import Task, TaskPreset, TaskRequest
from ompycord.errors import RefusedInWords

__all__ = ["RESUME", "START", "RunOperations", "StartRequest"]

START: Final = "runs.start"
RESUME: Final = "runs.resume"
_FIELDS: Final = (
    "prompt",
    "repository",
    "agent",
    "mode",
    "branch",
    "budget_usd",
    "done_when",
    "model",
    "record",
    "refine",
)


class StartRequest(Frozen):
    """What a person gave on the command line; what is left out comes from `like`, else from the configuration."""

    prompt: str | None = None
    repository: str | None = None
    agent: str | None = None
    mode: str | None = None
    branch: str | None = None
    budget_usd: float | None = None
    done_when: str | None = None
    model: str | None = None
    record: bool | None = None
    refine: bool | None = None
    like: Annotated[str, Field(pattern=r"^[0-9A-Za-z]{4,26}$")] | None = None
    """A run whose task is repeated."""
    preset: str | None = None
    """A task preset of the settings; it wins over `like`."""
    by: Annotated[str, Field(min_length=1, max_length=64)] = "someone"
    """The name of the user at the terminal."""


class ResumeRequest(Frozen):
    """Which run; left out, the last one."""

    round: Annotated[int, Field(ge=1, le=1000)] | None = None
    """The work is put back to how it stood after this round first."""
    run: Annotated[str, Field(pattern=r"^[0-9A-Za-z]{4,26}$")] | None = None
    by: Annotated[str, Field(min_length=1, max_length=64)] = "someone"


class StartStore(RunRecords, Tasks, Protocol):
    """Rows of runs and what they were asked."""


RequestT = TypeVar("RequestT", StartRequest, ResumeRequest)


class RunOperations:
    """Starts and resumes runs for the terminal."""

    def __init__(
        self,
        *,
        runs: Runs,
        checkpoints: Checkpoints,
        store: StartStore,
        snapshots: Snapshots,
        catalog: Catalog,
        ids: Ids,
        presets: Mapping[str, TaskPreset],
        guilds: Sequence[str],
        channel: str | None,
    ) -> None:
        """`guilds` and `channel`: where the card of a run of the terminal stands."""
        self._runs = runs
        self._checkpoints = checkpoints
        self._store = store
        self._snapshots = snapshots
        self._catalog = catalog
        self._ids = ids
        self._presets = presets
        self._guild = next((one for one in guilds if int(one)), "")
        self._channel = channel or ""

    def operations(self) -> dict[str, Operation]:
        """The operations by the names that the control socket uses."""
        return {START: self._start, RESUME: self._resume}

    async def _start(self, arguments: dict[str, Any]) -> dict[str, Any]:
        given = _read(StartRequest, arguments)
        request = await self._request(given)
        submission = Submission(request=request, guild=self._guild, channel=self._channel)
        record = await self._runs.submit(DraftId(self._ids.ulid()), submission, _person(given.by))
        return {"run": record.id}

    async def _resume(self, arguments: dict[str, Any]) -> dict[str, Any]:
        given = _read(ResumeRequest, arguments)
        record = await find_run(self._store, given.run)
        loaded = await self._snapshots.load(record)
        if given.round is None:
            await self._runs.resume(loaded, _person(given.by))
        else:
            await self._checkpoints.roll_back(loaded, given.round, _person(given.by))
        return {"run": record.id}

    async def _request(self, given: StartRequest) -> TaskRequest:
        """What was given, over the task of the run that is repeated, over the only choice there is."""
        known: dict[str, Any] = {}
        if given.like is not None:
            record = await find_run(self._store, given.like)
            task = await self._store.task(record.task) if record.task is not None else None
            if task is None:
                raise RefusedInWords(f"The task of run {given.like.lower()} is not kept here. Give it again.")
            known = _parts(task)
        preset = self._preset(given.preset)
        known |= _parts(preset)
        known |= _parts(given)
        if preset.prompt is not None and given.prompt is not None:
            known["prompt"] = f"{preset.prompt.rstrip()}\n\n{given.prompt}"
        if not known.get("prompt"):
            raise RefusedInWords('Say what should be done: ompycord run "Fix the discount".')
        if "repository" not in known:
            known["repository"] = self._only_repository()
        repository = self._catalog.repository(known["repository"])
        if "agent" not in known:
            known["agent"] = self._first_agent(repository.name)
        try:
            return TaskRequest.model_validate(known)
        except ValidationError as error:
            first = error.errors()[0]
            raise RefusedInWords(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None

    def _preset(self, name: str | None) -> TaskPreset:
        if name is None:
            return TaskPreset()
        if name not in self._presets:
            known = ", ".join(self._presets) or "none: write them under task_presets of ompycord.yml"
            raise RefusedInWords(f"There is no task preset {name}. There are: {known}.")
        return self._presets[name]

    def _only_repository(self) -> str:
        preset = self._catalog.preset(None)
        if preset is None:
            names = ", ".join(spec.name for spec in self._catalog.repositories) or "none: `ompycord init` adds one"
            raise RefusedInWords(f"Say which repository: --repository NAME. Configured: {names}.")
        return preset.name

    def _first_agent(self, repository: str) -> str:
        allowed = self._catalog.agents_for(self._catalog.repository(repository))
        if not allowed:
            raise RefusedInWords(f"No agent may work in {repository}. Add one: `ompycord init`.")
        return allowed[0].name


def _read(model: type[RequestT], arguments: dict[str, Any]) -> RequestT:
    try:
        return model.model_validate(arguments)
    except ValidationError as error:
        raise RefusedInWords(f"{error.errors()[0]['loc'][0]}: {error.errors()[0]['msg']}") from None


def _parts(given: StartRequest | TaskPreset | Task) -> dict[str, Any]:
    """What is set of a task's parts."""
    return {name: value for name in _FIELDS if (value := getattr(given, name, None)) is not None}


def _person(name: str) -> Person:
    """Who works at this machine: no account of Discord, and all rights, as the data folder is theirs."""
    return Person(id="", name=f"{name} (terminal)"[:128], role=Role.ADMIN)
