"""Forges as they are wired: their tokens' files, what pushes to them, what makes pull requests of results."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from ompycord.app.wiring.parts import Infrastructure
from ompycord.domain.events import RunEvent, RunStateChanged
from ompycord.domain.folds.fold import fold
from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.ids import OMPYCORD, RunId
from ompycord.domain.records import OutboxKind
from ompycord.domain.run import Machine, RunRecord, RunState
from ompycord.engines.publication import Proposals, RunReport
from ompycord.store import SqliteStore
from ompycord.workspaces.git import Git
from ompycord.workspaces.publishing.forge_pushes import ForgePushes

__all__ = ["proposals_of"]


def proposals_of(infrastructure: Infrastructure, git: Git) -> Proposals | None:
    """What makes pull requests; None where no repository names a forge."""
    if all(spec.forge is None for spec in infrastructure.settings.catalog.repositories):
        return None
    folder, forges = infrastructure.data.path, infrastructure.forges
    return Proposals(
        pushes=ForgePushes(
            repositories=folder / "repositories",
            git=git,
            token_file=forges.credentials.file,
            rests=forges.breakers,
        ),
        forge=forges.proposing,
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
