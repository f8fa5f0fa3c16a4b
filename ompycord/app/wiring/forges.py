"""Forges as they are wired: their tokens' files, what pushes to them, what makes pull requests of results."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path

from ompycord.app.wiring.parts import Infrastructure
from ompycord.domain.configuration.forge_options import ForgeSpec
from ompycord.domain.events import RunEvent, RunStateChanged
from ompycord.domain.folds.fold import fold
from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.ids import OMPYCORD, RunId
from ompycord.domain.ports import Clock, ForgePort
from ompycord.domain.records import OutboxKind
from ompycord.domain.run import Machine, RunRecord, RunState
from ompycord.engines.publication import Proposals, RunReport
from ompycord.forge.token_file import read_token
from ompycord.store import SqliteStore
from ompycord.workspaces.git import Git
from ompycord.workspaces.publishing.forge_pushes import ForgePushes

__all__ = ["Learn", "open_forge", "proposals_of", "token_file"]

Learn = Callable[[Iterable[str]], None]


def token_file(folder: Path, spec: ForgeSpec) -> Path:
    """Where the token is; `folder` is the data folder."""
    return folder / spec.token_file


def open_forge(folder: Path, clock: Clock, learn: Learn, spec: ForgeSpec) -> AbstractAsyncContextManager[ForgePort]:
    """A connection to the forge; each token that is read is known as a secret before it is used."""

    def token() -> str:
        text = read_token(token_file(folder, spec), setting="forge.token_file")
        learn([text])
        return text

    return _opened(spec, clock, token)


@asynccontextmanager
async def _opened(spec: ForgeSpec, clock: Clock, token: Callable[[], str]) -> AsyncGenerator[ForgePort]:
    from ompycord.forge.github import GitHub  # httpx: where no forge is configured it is not loaded

    forge = GitHub(spec, token=token, clock=clock)
    try:
        yield forge
    finally:
        await forge.close()


def proposals_of(infrastructure: Infrastructure, git: Git) -> Proposals | None:
    """What makes pull requests; None where no repository names a forge."""
    if all(spec.forge is None for spec in infrastructure.settings.catalog.repositories):
        return None
    folder, known = infrastructure.data.path, infrastructure.known

    def place(spec: ForgeSpec) -> Path:
        known.add([read_token(token_file(folder, spec), setting="forge.token_file")])
        return token_file(folder, spec).absolute()

    return Proposals(
        pushes=ForgePushes(repositories=folder / "repositories", git=git, token_file=place),
        forge=partial(open_forge, folder, infrastructure.clock, known.add),
        report=partial(_report_of, infrastructure.store, partial(_card_of, infrastructure)),
        redact=infrastructure.redact,
    )


async def _card_of(infrastructure: Infrastructure, record: RunRecord) -> str | None:
    """The address of a run's card in Discord; the playground's has none that others could open."""
    if infrastructure.settings.discord.api is not None or record.guild is None:
        return None
    card = await infrastructure.store.surface(RunId(record.id), OutboxKind.CARD, "1")
    return f"https://discord.com/channels/{record.guild}/{card.channel}/{card.message}" if card is not None else None


async def _report_of(
    store: SqliteStore, card_of: Callable[[RunRecord], Awaitable[str | None]], run: RunId
) -> RunReport | None:
    """The run as it will end when its publication is stored; read from its log, which is ahead of what is shown."""
    record = await store.run(run)
    if record is None or record.machine is None:
        return None
    snapshot = await asyncio.to_thread(_ended, run, await store.events_of(run), record.machine)
    return RunReport(record=record, snapshot=snapshot, card=await card_of(record))


def _ended(run: RunId, events: list[RunEvent], machine: Machine) -> StatusSnapshot:
    state = RunState.PARTIAL if machine.is_partial else RunState.COMPLETE
    end = RunStateChanged(
        state=state, previous=machine.state, cause="effect.finished", iteration=machine.iteration, round=machine.round
    )
    ours = [event for event in events if event.source == OMPYCORD]
    seq = max((event.seq for event in ours), default=0) + 1
    at = max((event.at for event in events), default=0)
    return fold(run, [*events, RunEvent(run=run, source=OMPYCORD, seq=seq, at=at, body=end)]).snapshot()
