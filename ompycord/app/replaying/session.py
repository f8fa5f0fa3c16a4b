"""`ompycord replay`: a recorded run once more, with the agent as it is, and its tape in place of every provider.

Counterpart of `cli/replay.py`. The agent, the gateway, the checks and the repairs are those of any run; only the
providers' answers come from the tape, so it needs no network and no key.
"""

import asyncio
import os
import tempfile
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from ompycord.app.data_folder import DataFolder
from ompycord.app.operations import perform
from ompycord.app.replaying.decisions import RecordedDecisions
from ompycord.app.replaying.ground import Ground, Tree, repository_of, request_of
from ompycord.app.replaying.operations import TAPED_RUN, RecordedRun
from ompycord.app.run import start_errors
from ompycord.app.signals import Stop
from ompycord.app.terminal.headless import NO_SERVER, conducting
from ompycord.app.terminal.reports import REPORT
from ompycord.app.wiring.parts import Parts
from ompycord.app.wiring.work import git_of
from ompycord.conductor import Snapshots, Submission
from ompycord.conductor.snapshots import LoadedRun
from ompycord.domain.access import Person, Role
from ompycord.domain.base import Frozen
from ompycord.domain.ids import DraftId, RunId, new_ulid
from ompycord.domain.ports.trees import tree_name
from ompycord.errors import RefusedInWords, TapeUnreadable
from ompycord.http import bind
from ompycord.http.adopted_socket import serve_socket
from ompycord.model_gateway.tapes.player import TapePlayer
from ompycord.model_gateway.tapes.shelf import tape_file
from ompycord.model_gateway.tapes.tape import Tape, read_tape
from ompycord.settings import Settings
from ompycord.store import SqliteStore, make_database

__all__ = ["Replayed", "replay"]

_POLL_S: Final = 0.2
_LISTED: Final = 20
_PERSON: Final = Person(id="", name="replay", role=Role.ADMIN)


class Replayed(Frozen):
    """What came of it."""

    run: str
    """The recorded run."""
    story: dict[str, Any]
    """The new run, as `ompycord report --format json` has it."""
    answers: int
    """Those on the tape."""
    played: int
    different: int
    """Requests that were not those of the tape, and got the answer that came next."""
    missing: int
    """Requests for which the tape had no answer left."""
    is_whole_tape: bool
    tree: str | None
    """A name for all files of the new result; None where there is none."""
    is_same: bool | None
    """Whether both results are the same; None where one of them is not there."""
    differences: tuple[str, ...] = ()
    """Paths that differ, the first of them."""
    stopped: str | None = None
    """Why it was ended before its end."""

    @property
    def is_success(self) -> bool:
        """The same result, from answers of the tape alone."""
        return self.is_same is True and not self.missing


def replay(
    settings: Settings, environ: Mapping[str, str], run: str, *, show: Callable[[dict[str, Any]], None]
) -> Replayed:
    """Play the run again and compare; `show` gets each picture of it. Raises Refused, StartError."""
    former = DataFolder(settings.data_dir)
    recorded = RecordedRun.model_validate(perform(former, TAPED_RUN, {"run": run}))
    tape = _tape_of(former, recorded)
    repository = repository_of(settings, recorded)
    request = request_of(recorded)
    if tape.head.base is None:
        raise RefusedInWords("The tape does not say from which commit the run started, so it cannot be run again.")
    stop = Stop()
    with tempfile.TemporaryDirectory(prefix="ompycord-replay-") as folder:
        ground = Ground(Path(folder), git=git_of(environ), former=former, repository=repository)
        with ground.data.lock(), stop.installed(), start_errors(ground.data):
            make_database(ground.data.database)
            again = _Again(ground, recorded, tape, stop)
            return asyncio.run(
                again.run(settings, environ, Submission(request=request, guild=NO_SERVER, channel=""), show)
            )


def _tape_of(former: DataFolder, recorded: RecordedRun) -> Tape:
    try:
        return read_tape(tape_file(former.path, recorded.id))
    except TapeUnreadable as error:
        raise RefusedInWords(str(error)) from None


class _Again:
    """One replay."""

    def __init__(self, ground: Ground, recorded: RecordedRun, tape: Tape, stop: Stop) -> None:
        self._ground = ground
        self._recorded = recorded
        self._base = tape.head.base or ""
        self._player = TapePlayer(tape=tape)
        self._stop = stop

    async def run(
        self,
        settings: Settings,
        environ: Mapping[str, str],
        submission: Submission,
        show: Callable[[dict[str, Any]], None],
    ) -> Replayed:
        self._stop.attach()
        await self._ground.prepare(self._recorded, self._base)
        with closing(bind("127.0.0.1", 0)) as listening:
            models = f"http://127.0.0.1:{listening.getsockname()[1]}"
            adapted = self._ground.settings(settings, models=models)
            async with (
                serve_socket(self._player, listening),
                conducting(adapted, self._ground.data, environ, self._stop) as parts,
            ):
                return await self._played(parts, submission, show)

    async def _played(self, parts: Parts, submission: Submission, show: Callable[[dict[str, Any]], None]) -> Replayed:
        draft = DraftId(new_ulid(now_ms=0, entropy=os.urandom(10)))
        record = await parts.areas.runs.submit(draft, submission, _PERSON)
        folder = self._ground.data.path / "workspaces" / record.id
        head = self._player.tape.head
        self._player.names.update({head.folder: str(folder), head.run: record.id})
        story, stopped = await self._followed(parts, RunId(record.id), show)
        again = RecordedRun.model_validate(await parts.operations[TAPED_RUN]({"run": record.id}))
        trees = (
            await self._ground.former_result(self._recorded, self._base),
            await self._ground.new_result(again, self._base),
        )
        return self._compared(story, trees, stopped)

    async def _followed(
        self, parts: Parts, run: RunId, show: Callable[[dict[str, Any]], None]
    ) -> tuple[dict[str, Any], str | None]:
        """The last picture, and why it was left before the run's end."""
        decisions = RecordedDecisions(parts.areas, self._recorded.decisions)
        while True:
            story = await _story(parts, run)
            if story is not None:
                show(story)
                if story["exit_code"] is not None:
                    return story, None
                if self._stop.is_set:
                    return story, "It was stopped."
                try:
                    await decisions.decide(await _loaded(parts.store, run))
                except RefusedInWords as error:
                    return story, str(error)
            await asyncio.sleep(_POLL_S)

    def _compared(self, story: dict[str, Any], trees: tuple[Tree | None, Tree | None], stopped: str | None) -> Replayed:
        before, now = trees
        differences: list[str] = []
        if before is not None and now is not None:
            differences = sorted(path for path in before.keys() | now.keys() if before.get(path) != now.get(path))
        player = self._player
        return Replayed(
            run=self._recorded.run,
            story=story,
            answers=len(player.tape.requests),
            played=player.played,
            different=player.different,
            missing=player.missing,
            is_whole_tape=player.tape.is_whole,
            tree=None if now is None else tree_name(now),
            is_same=None if before is None or now is None else not differences,
            differences=tuple(differences[:_LISTED]),
            stopped=stopped,
        )


async def _story(parts: Parts, run: str) -> dict[str, Any] | None:
    """None before the first event of the run was folded."""
    try:
        found: dict[str, Any] = await parts.operations[REPORT]({"run": run})
    except RefusedInWords:
        return None
    return found


async def _loaded(store: SqliteStore, run: RunId) -> LoadedRun:
    record = await store.run(run)
    assert record is not None
    return await Snapshots(store=store).load(record)
