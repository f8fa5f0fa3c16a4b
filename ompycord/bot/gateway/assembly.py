"""What a session is made of, and its larger parts put together; counterpart of `session.py`."""

from collections.abc import Callable
from dataclasses import dataclass

from ompycord.bot.context import CommandStores
from ompycord.bot.custom_ids import Signer
from ompycord.bot.delivery.board import BoardKeeper
from ompycord.bot.delivery.channel_access import ChannelAccess
from ompycord.bot.delivery.deliver import Deliverer
from ompycord.bot.delivery.live import LiveEditor
from ompycord.bot.delivery.refresh import Refresher
from ompycord.bot.delivery.rollover import CardRollover
from ompycord.bot.delivery.stores import DeliveryStores
from ompycord.bot.delivery.thread_names import ThreadNames
from ompycord.bot.lookups import Lookups, ReadArtifact, no_artifact
from ompycord.bot.message_renderer import MessageRenderer
from ompycord.bot.options import BotOptions
from ompycord.bot.rest import Rest
from ompycord.conductor import (
    Approvals,
    Budgets,
    Bus,
    Checkpoints,
    Messages,
    OverlapDecisions,
    Plans,
    PullRequests,
    Runs,
    Snapshots,
    TypedAnswers,
)
from ompycord.domain.catalog import Catalog
from ompycord.domain.ports import Clock, Ids, RefusalNotes

__all__ = ["BotStores", "SessionDependencies", "editor_of", "renderer_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BotStores:
    """What the parts of the bot ask of the store."""

    commands: CommandStores
    delivery: DeliveryStores


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionDependencies:
    """What the sessions share and a client does not own."""

    token: str
    options: BotOptions
    catalog: Catalog
    runs: Runs
    messages: Messages
    approvals: Approvals
    plans: Plans
    pull_requests: PullRequests
    overlaps: OverlapDecisions
    checkpoints: Checkpoints
    typed_answers: TypedAnswers
    budgets: Budgets
    snapshots: Snapshots
    stores: BotStores
    bus: Bus
    clock: Clock
    ids: Ids
    signer: Signer
    redact: Callable[[str], str]
    lookups: Lookups
    refusals: RefusalNotes

    def __repr__(self) -> str:
        return "<SessionDependencies>"  # the token is in it


def editor_of(
    *,
    bus: Bus,
    stores: DeliveryStores,
    renderer: MessageRenderer,
    rest: Rest,
    clock: Clock,
    rollover: CardRollover,
    artifact: ReadArtifact = no_artifact,
) -> LiveEditor:
    """The live editor with its parts; the benchmark of its freshness uses it too."""
    ops, board = renderer.options.ops_channel, renderer.options.board_channel
    keeper = None
    if board:
        keeper = BoardKeeper(channel=board, store=stores.boards, renderer=renderer, rest=rest, clock=clock)
    thread_names = ThreadNames(store=stores.thread_names, renderer=renderer, rest=rest, clock=clock)
    return LiveEditor(
        bus=bus,
        store=stores.live,
        shown=stores.shown,
        renderer=renderer,
        deliverer=Deliverer(
            store=stores.deliverer,
            renderer=renderer,
            rest=rest,
            clock=clock,
            rollover=rollover,
            thread_names=thread_names,
            artifact=artifact,
        ),
        refresher=Refresher(
            store=stores.shown,
            renderer=renderer,
            rest=rest,
            clock=clock,
            rollover=rollover,
            thread_names=thread_names,
        ),
        access=ChannelAccess(rest=rest, ops_channel=ops, sign=renderer.signer.button, now_ms=clock.now_ms),
        board=keeper,
        questions=rollover.questions,
        clock=clock,
        commits=stores.commits,
    )


def renderer_of(dependencies: SessionDependencies, rest: Rest, *, is_connected: Callable[[], bool]) -> MessageRenderer:
    """What shows runs, with all that it asks."""
    return MessageRenderer(
        options=dependencies.options,
        catalog=dependencies.catalog,
        store=dependencies.stores.delivery.renderer,
        snapshots=dependencies.snapshots,
        clock=dependencies.clock,
        signer=dependencies.signer,
        redact=dependencies.redact,
        confinement=dependencies.lookups.confinement,
        url=rest.url,
        channel_name=rest.channel_name,
        is_connected=is_connected,
        messages=dependencies.messages,
        roles=dependencies.lookups.roles,
        slots=dependencies.lookups.slots,
        paused_by=dependencies.lookups.paused_by,
        shortage=dependencies.lookups.shortage,
        budgets=dependencies.budgets.shared,
        standing=dependencies.approvals.standing,
        forecast=dependencies.lookups.forecast,
        rests=_never if dependencies.lookups.models is None else dependencies.lookups.models.rests,
        forge_rests=dependencies.lookups.forge_rests,
    )


def _never(provider: str | None, model: str | None) -> bool:
    """Where no gateway asks models."""
    return False
